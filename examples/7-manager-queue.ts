// The article's seventh program: the same writer and reader, with a queue of a manager. The queue lives in a server process, and
// what the tasks get are proxies of it: they would work from another machine too. Every call is a message, so it is awaited.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'multiproc';
import { Manager, type QueueProxy } from 'multiproc/managers';

async function write(q: QueueProxy<string>) {
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await q.put(value);
    await sleep(Math.random() * 1000);
  }
}

async function read(q: QueueProxy<string>) {
  while (!(await q.empty())) {
    const value = await q.get();
    console.log(`Get ${value} from queue.`);
    await sleep(Math.random() * 1000);
  }
}

await using manager = new Manager();
const q = manager.queue<string>();
const pool = new Pool();
const writing = pool.applyAsync(write, [q]);
await writing.wait();
pool.applyAsync(read, [q]);
pool.close();
await pool.join();
console.log();
console.log('All data was written and read.');
