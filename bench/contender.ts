// The contender multiproc: `node contender.js <scenario> <count>` prints its values as JSON; with `threads` behind it, its members are threads.
// python/contender.py does the same work.
import { type Connection, Lock, Pool, Process, pipe, SharedArray, setSpareProcesses, setStartMethod } from 'multiproc';
import { Manager } from 'multiproc/managers';
import {
  conditionAwait,
  conditionSync,
  contended,
  eventAwait,
  eventSync,
  queueAwait,
  semaphoreAwait,
  semaphoreSync,
} from './hand-over.ts';
import { idleChildren } from './idle-children.ts';
import { idleMemory } from './idle-memory.ts';
import { computing, firstMap, poolScenarios } from './pools/ours.ts';
import { bursts, crowded, record, throughPort, transfer } from './queue-transfer.ts';

const MEBIBYTE = 2 ** 20;
const SPARES = 2;

async function echo(end: Connection<number>): Promise<void> {
  for await (const n of end) await end.send(n);
}

/** Microseconds of each of `count` round trips, from the first one on. */
async function roundTrips(count: number): Promise<number[]> {
  const [here, there] = pipe<number>();
  const p = new Process({ target: echo, args: [there] });
  p.start();
  there.close();
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await here.send(7);
    await here.recv();
    values.push((performance.now() - start) * 1000);
  }
  here.close();
  await p.join();
  return values;
}

function work(): void {}

/** Milliseconds of `count` starts and joins, each with the spares idle. */
async function startAndJoin(count: number): Promise<number[]> {
  setSpareProcesses(SPARES);
  const first = new Process({ target: work });
  first.start();
  await first.join();
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    await idleChildren(SPARES);
    const start = performance.now();
    const p = new Process({ target: work });
    p.start();
    await p.join();
    values.push(performance.now() - start);
  }
  return values;
}

/** Nanoseconds of an acquisition with its release. */
function pairs(count: number): number {
  const lock = new Lock();
  const run = (times: number): number => {
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      lock.acquireSync();
      lock.release();
    }
    return performance.now() - start;
  };
  run(count / 10);
  return (run(count) / count) * 1e6;
}

function sum(numbers: Float64Array): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i] as number;
  return total;
}

const WARM_UPS = 3;
const SUMS = 5;

/** Milliseconds of sums, after some that map all pages everywhere and compile the loop. */
async function timeSums(run: () => Promise<number> | number, expected: number): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < WARM_UPS + SUMS; i++) {
    const start = performance.now();
    if ((await run()) !== expected) throw new Error('the sum is wrong');
    values.push(performance.now() - start);
  }
  return values.slice(WARM_UPS);
}

async function sumShared(count: number): Promise<number[]> {
  const { view } = new SharedArray('float64', count);
  view.fill(1);
  await using pool = new Pool(2);
  const run = async () => {
    const parts = await pool.mapChunks(sum, view, { chunksize: count / 2 });
    return parts.reduce((a, b) => a + b);
  };
  return await timeSums(run, count);
}

async function sumOwn(count: number): Promise<number[]> {
  const numbers = new Float64Array(count).fill(1);
  return await timeSums(() => sum(numbers), count);
}

/** Microseconds of each put with its get, from one client, from the first one on. */
async function throughManager(count: number): Promise<number[]> {
  await using manager = new Manager();
  const queue = manager.queue<number>();
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await queue.put(i);
    await queue.get();
    values.push((performance.now() - start) * 1000);
  }
  return values;
}

const BURSTS = 4;

/** Items per second of each of four bursts, the first of them with a producer that is there. */
async function queueBursts(count: number): Promise<number[]> {
  const [, ...rates] = await bursts(7, 0, [1, ...new Array<number>(BURSTS).fill(count / BURSTS)], 'await');
  return rates;
}

const megabytes = (itemsPerSecond: number): number => (itemsPerSecond * MEBIBYTE) / 1e6;

/** Those that print the values of each hand-over. */
const handOvers: Record<string, (count: number) => Promise<number[]>> = {
  'pipe-round-trip': roundTrips,
  'event-sync': eventSync,
  'event-await': eventAwait,
  'semaphore-sync': semaphoreSync,
  'semaphore-await': semaphoreAwait,
  'condition-sync': conditionSync,
  'condition-await': conditionAwait,
  'queue-hand-over': queueAwait,
  'manager-queue': throughManager,
};

const scenarios: Record<string, (count: number) => Promise<number[]>> = {
  'queue-int-sync': async (count) => [await transfer(7, 0, count, 'sync')],
  'queue-int-await': async (count) => [await transfer(7, 0, count, 'await')],
  'queue-bytes-sync': async (count) => [megabytes(await transfer(new Uint8Array(MEBIBYTE), 16, count, 'sync'))],
  'queue-bytes-await': async (count) => [megabytes(await transfer(new Uint8Array(MEBIBYTE), 16, count, 'await'))],
  'queue-objects-sync': async (count) => [await transfer(record, 0, count, 'sync')],
  'queue-objects-port': async (count) => [await transfer(record, 0, count, 'await')],
  'queue-four': async (count) => [await crowded(count)],
  'queue-many': async (count) => [await transfer(7, 0, count, 'many')],
  'process-start-join': startAndJoin,
  'lock-uncontended': async (count) => [pairs(count)],
  'shared-array-sum': sumShared,
  'own-array-sum': sumOwn,
  'lock-contended': async (count) => [await contended(count)],
  'manager-first': throughManager,
  'pool-map-first': async (count) => [await firstMap(count)],
  'worker-resident': () => idleMemory('workers', 'resident'),
  'worker-private': () => idleMemory('workers', 'private'),
};

for (const [name, measure] of Object.entries(handOvers)) {
  // After a tenth of them as a warm-up, or from the first one on.
  scenarios[name] = async (count) => (await measure(count + count / 10)).slice(count / 10);
  scenarios[`${name}-course`] = measure;
}
scenarios['queue-int-await-course'] = queueBursts;
for (const [name, measure] of Object.entries(poolScenarios)) scenarios[name] = async (count) => [await measure(count)];
// What scenarios of ours are compared with.
scenarios['queue-one-by-one'] = async (count) => [await transfer(7, 0, count, 'await')];
scenarios['message-port'] = async (count) => [await throughPort(count)];
scenarios['bare-resident'] = () => idleMemory('bare', 'resident');
scenarios['bare-private'] = () => idleMemory('bare', 'private');
scenarios['pool-one-task'] = async (count) => [await computing(count, 1)];

const [, , name, count, members] = process.argv;
if (members === 'threads') setStartMethod('thread');
console.log(JSON.stringify(await scenarios[name!]!(Number(count))));
