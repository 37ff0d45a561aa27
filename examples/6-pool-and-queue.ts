// The article's sixth program: a writer and a reader in a pool, with an ordinary queue as argument. Python answers
// "RuntimeError: Queue objects should only be shared between processes through inheritance"; here a queue goes anywhere.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, Queue } from 'multiproc';

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
const pool = new Pool();
const writing = pool.applyAsync(write, [q]);
await writing.wait();
pool.applyAsync(read, [q]);
pool.close();
await pool.join();
console.log();
console.log('All data was written and read.');
