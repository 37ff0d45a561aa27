// The article's eighth program: the writer holds a lock of the manager while it writes, so nobody comes between its items. The reader
// takes what is there and never waits, as Python's `q.get(False)`. It starts when the writer has ended: in Python's program it may come
// first, and then it reads nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'multiproc';
import { type LockProxy, Manager, type QueueProxy } from 'multiproc/managers';

async function write(q: QueueProxy<string>, lock: LockProxy) {
  await lock.acquire();
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await q.put(value);
  }
  await lock.release();
}

async function read(q: QueueProxy<string>) {
  while (!(await q.empty())) {
    const value = await q.get({ timeout: 0 });
    console.log(`Get ${value} from queue.`);
    await sleep(Math.random() * 1000);
  }
}

await using manager = new Manager();
const q = manager.queue<string>();
const lock = manager.lock();
const pool = new Pool();
const writing = pool.applyAsync(write, [q, lock]);
await writing.wait();
pool.applyAsync(read, [q]);
pool.close();
await pool.join();
console.log();
console.log('All data was written and read.');
