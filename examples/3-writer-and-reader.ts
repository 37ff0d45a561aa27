// The article's third program: one process writes to a queue, another reads until it is empty.
import { setTimeout as sleep } from 'node:timers/promises';
import { Process, Queue } from 'multiproc';

async function write(q: Queue<string>) {
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await q.put(value);
    await sleep(Math.random() * 1000);
  }
}

async function read(q: Queue<string>) {
  while (!q.empty()) {
    const value = await q.get();
    console.log(`Get ${value} from queue.`);
    await sleep(Math.random() * 1000);
  }
}

const q = new Queue<string>();
const writer = new Process({ target: write, args: [q] });
const reader = new Process({ target: read, args: [q] });
writer.start();
await writer.join();
reader.start();
await reader.join();
console.log();
console.log('All data was written and read.');
