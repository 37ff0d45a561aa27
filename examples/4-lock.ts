// The article's fourth program: a lock around the writer's loop, so that no other writer's item comes between.
import { setTimeout as sleep } from 'node:timers/promises';
import { Lock, Process, Queue } from 'multiproc';

async function write(q: Queue<string>, lock: Lock) {
  await lock.acquire();
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await q.put(value);
  }
  lock.release();
}

async function read(q: Queue<string>) {
  while (!q.empty()) {
    const value = await q.get();
    console.log(`Get ${value} from queue.`);
    await sleep(Math.random() * 1000);
  }
}

const q = new Queue<string>();
const lock = new Lock();
const writers = [1, 2].map(() => new Process({ target: write, args: [q, lock] }));
for (const writer of writers) writer.start();
for (const writer of writers) await writer.join();
const reader = new Process({ target: read, args: [q] });
reader.start();
await reader.join();
console.log();
console.log('All data was written and read.');
