/** Items from one process to another through a `Queue`, and through the `MessagePort` of a thread. */
import { Worker } from 'node:worker_threads';
import { Process, Queue } from 'multiproc';

type Way = 'sync' | 'await' | 'many';

/** About 100 bytes, in our encoding as in CPython's. */
export const record = {
  id: 1234567,
  name: 'somebody or other',
  tags: ['red', 'green', 'blue'],
  score: 0.625,
  open: true,
};

/** The number of items that `putMany` and `getMany` take at once. */
const BATCH = 256;

/** The producer, in another process, puts `count` items each time it is told to. */
async function produce<T>(items: Queue<T>, go: Queue<number>, item: T, way: Way, batch: number): Promise<void> {
  const many = new Array<T>(batch).fill(item);
  for (let count = await go.get(); count > 0; count = await go.get()) {
    if (way === 'sync') for (let i = 0; i < count; i++) items.putSync(item);
    else if (way === 'await') for (let i = 0; i < count; i++) await items.put(item);
    else for (let i = 0; i < count; i += batch) await items.putMany(many);
  }
}

async function consume(items: Queue<unknown>, go: Queue<number>, count: number, way: Way): Promise<number> {
  const start = performance.now();
  await go.put(count);
  if (way === 'sync') for (let i = 0; i < count; i++) items.getSync();
  else if (way === 'await') for (let i = 0; i < count; i++) await items.get();
  else for (let i = 0; i < count; ) i += (await items.getMany(BATCH)).length;
  return performance.now() - start;
}

/** Items per second of each of some bursts, given the number of items of each: with `many`, a whole number of batches. */
export async function bursts<T>(item: T, bound: number, counts: readonly number[], way: Way): Promise<number[]> {
  const items = new Queue<T>(bound);
  const go = new Queue<number>();
  const producer = new Process({ target: produce<T>, args: [items, go, item, way, BATCH] });
  producer.start();
  const rates: number[] = [];
  for (const count of counts) rates.push((count / (await consume(items, go, count, way))) * 1000);
  await go.put(0);
  await producer.join();
  return rates;
}

/** Items per second, after a tenth of them as a warm-up. */
export async function transfer<T>(item: T, bound: number, count: number, way: Way): Promise<number> {
  const [, rate] = await bursts(item, bound, [count / 10, count], way);
  return rate!;
}

function produceAll(items: Queue<number>, go: Queue<number>, count: number): void {
  go.getSync();
  for (let i = 0; i < count; i++) items.putSync(7);
}

function consumeAll(items: Queue<number>, go: Queue<number>, count: number): void {
  go.getSync();
  for (let i = 0; i < count; i++) items.getSync();
}

/** Small integers per second from four producers to four consumers, all of them processes: from the word to go until the last has ended. */
export async function crowded(count: number): Promise<number> {
  const items = new Queue<number>();
  const go = new Queue<number>();
  const here = new Queue<number>();
  const each = count / 4;
  const member = (run: typeof produceAll) =>
    new Process({
      target: (run: typeof produceAll, here: Queue<number>, items: Queue<number>, go: Queue<number>, each: number) => {
        here.putSync(1);
        run(items, go, each);
      },
      args: [run, here, items, go, each],
    });
  const members = Array.from({ length: 8 }, (_, i) => member(i < 4 ? produceAll : consumeAll));
  for (const p of members) p.start();
  for (const _ of members) await here.get();
  const start = performance.now();
  for (const _ of members) await go.put(1);
  for (const p of members) await p.join();
  return (count / (performance.now() - start)) * 1000;
}

/** The producer in a thread: a port has no bound, so the thread gives way after each of its batches. */
const thread = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.on('message', async (count) => {
  if (count === 0) process.exit();
  for (let i = 1; i <= count; i++) {
    parentPort.postMessage(workerData);
    if (i % 64 === 0) await new Promise(setImmediate);
  }
});`;

/** Records per second from a thread to the program, through the `MessagePort` between them, after a tenth of them as a warm-up. */
export async function throughPort(count: number): Promise<number> {
  const worker = new Worker(thread, { eval: true, workerData: record });
  let left = 0;
  let done = () => {};
  worker.on('message', () => {
    if (--left === 0) done();
  });
  const run = async (count: number) => {
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    left = count;
    const start = performance.now();
    worker.postMessage(count);
    await all;
    return performance.now() - start;
  };
  await run(count / 10);
  const elapsed = await run(count);
  worker.postMessage(0);
  return (count / elapsed) * 1000;
}
