// How a pool does from its first task on: `node course.js <pool> <way>` prints, as JSON, the median in µs of each 3,000 tasks one at a time (apply),
// the tasks per second of each burst of 20,000 (all), or the items per second of each `map` (map-single, map).
import { Pool, ThreadPool } from 'multiproc';
import { type RunningPool, startPeer, WORKERS } from './running-pool.ts';

const WINDOWS = 8;
const WINDOW = 3000;
const BURSTS = 4;
const BURST = 20_000;
const ITEMS = 100_000;

const [, , name = '', way = ''] = process.argv;

const noop = (i: number): number => i;

/** `map` is there in ours. */
interface CoursePool extends RunningPool {
  map?(items: readonly number[], options: { chunksize?: number }): PromiseLike<unknown>;
}

function startOurs(Kind: typeof Pool | typeof ThreadPool): CoursePool {
  const pool = new Kind(WORKERS);
  const run = way === 'apply' ? (i: number) => pool.apply(noop, [i]) : (i: number) => pool.applyAsync(noop, [i]);
  const map: CoursePool['map'] = (items, options) => pool.map(noop, items, options);
  const end = async () => {
    pool.close();
    await pool.join();
  };
  return { run, map, end };
}

async function windowOf(pool: RunningPool): Promise<number> {
  const times = new Float64Array(WINDOW);
  for (let i = 0; i < WINDOW; i++) {
    const start = performance.now();
    await pool.run(i);
    times[i] = performance.now() - start;
  }
  return times.sort()[WINDOW >> 1]! * 1000;
}

async function rateOf(count: number, work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}

const map = (length: number, options: { chunksize?: number }) => {
  const items = Array.from({ length }, (_, i) => i);
  return (pool: CoursePool) => rateOf(length, () => pool.map!(items, options));
};

const ways: Readonly<
  Record<string, { readonly times: number; readonly measure: (pool: CoursePool) => Promise<number> }>
> = {
  apply: { times: WINDOWS, measure: windowOf },
  all: {
    times: BURSTS,
    measure: (pool) => rateOf(BURST, () => Promise.all(Array.from({ length: BURST }, (_, i) => pool.run(i)))),
  },
  'map-single': { times: BURSTS, measure: map(BURST, { chunksize: 1 }) },
  map: { times: BURSTS, measure: map(ITEMS, {}) },
};

const ours = { multiproc: Pool, 'multiproc-threads': ThreadPool }[name];
const pool: CoursePool = ours === undefined ? await startPeer(name) : startOurs(ours);
// The start of the workers is measured by itself, from nothing to the end.
await pool.run(0);
const { times, measure } = ways[way]!;
const values: number[] = [];
for (let i = 0; i < times; i++) values.push(await measure(pool));
console.log(JSON.stringify(values));
await pool.end();
