// Bytes from one to another: `node crossing.js <way> <bytes> <count>` prints MB/s. The receiver says go, and has the time until the last one is there.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Process, Queue } from 'multiproc';

const here = fileURLToPath(import.meta.url);
/** Messages that a sender hands over before it waits until the system has taken them. */
const AHEAD = 64;
const MOST_AHEAD = 2 ** 24;

const [, , way = '', bytes = '', count = ''] = process.argv;
const size = Number(bytes);
const times = Number(count);

/** A tenth of them before, as a warm-up, one at least. */
const warmUp = Math.ceil(times / 10);

async function throughQueue(isSync: boolean): Promise<number> {
  const items = new Queue<Uint8Array>(Math.max(1, Math.min(1024, Math.floor(MOST_AHEAD / size))));
  const go = new Queue<number>();
  const produce = async (items: Queue<Uint8Array>, go: Queue<number>, size: number, isSync: boolean) => {
    const item = new Uint8Array(size);
    for (let count = await go.get(); count > 0; count = await go.get()) {
      if (isSync) for (let i = 0; i < count; i++) items.putSync(item);
      else for (let i = 0; i < count; i++) await items.put(item);
    }
  };
  const producer = new Process({ target: produce, args: [items, go, size, isSync] });
  producer.start();
  const run = async (count: number) => {
    const start = performance.now();
    await go.put(count);
    if (isSync) for (let i = 0; i < count; i++) items.getSync();
    else for (let i = 0; i < count; i++) await items.get();
    return performance.now() - start;
  };
  await run(warmUp);
  const elapsed = await run(times);
  await go.put(0);
  await producer.join();
  return elapsed;
}

/** Messages of a thread's port, or of a child's channel. */
async function throughMessages(other: Worker | ChildProcess): Promise<number> {
  let left = 0;
  let done = () => {};
  other.on('message', () => {
    if (--left === 0) done();
  });
  const say = (word: number) => ('send' in other ? other.send(word) : other.postMessage(word));
  const run = async (count: number) => {
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    left = count;
    const start = performance.now();
    say(count);
    await all;
    return performance.now() - start;
  };
  await run(warmUp);
  const elapsed = await run(times);
  say(0);
  return elapsed;
}

/** In the thread, or in the child. */
function sendMessages(): void {
  const item = new Uint8Array(size);
  const send = (last: boolean) =>
    new Promise<void>((resolve) => {
      if (parentPort !== null) {
        parentPort.postMessage(item);
        // A port has no bound, and says nothing of what it has delivered.
        if (last) setImmediate(resolve);
        else resolve();
      } else if (last) process.send!(item, () => resolve());
      else {
        process.send!(item);
        resolve();
      }
    });
  const emitter = parentPort ?? process;
  emitter.on('message', async (count: number) => {
    if (count === 0) process.exit();
    const ahead = Math.max(1, Math.min(AHEAD, Math.floor(MOST_AHEAD / size)));
    for (let i = 1; i <= count; i++) await send(i % ahead === 0);
  });
}

if (!isMainThread || process.send !== undefined) sendMessages();
else {
  const args = [way, bytes, count];
  const elapsed =
    way === 'message-port'
      ? await throughMessages(new Worker(here, { argv: args }))
      : way === 'send'
        ? await throughMessages(fork(here, args, { serialization: 'advanced' }))
        : await throughQueue(way === 'queue-sync');
  console.log(JSON.stringify([((size * times) / elapsed) * 1e-3]));
}
