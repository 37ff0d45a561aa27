// How a pool does from its first task on: `node course.js <pool> apply|all` prints, as JSON, the median in µs of each 3,000 tasks one at a time,
// or the tasks per second of each burst of 20,000.
import { Pool, ThreadPool } from 'multiproc';
import { type RunningPool, startPeer, WORKERS } from './running-pool.ts';

const WINDOWS = 8;
const WINDOW = 3000;
const BURSTS = 4;
const BURST = 20_000;

const noop = (i: number): number => i;

async function start(name: string, way: string): Promise<RunningPool> {
  if (name !== 'multiproc' && name !== 'multiproc-threads') return await startPeer(name);
  const pool = new (name === 'multiproc' ? Pool : ThreadPool)(WORKERS);
  const run = way === 'apply' ? (i: number) => pool.apply(noop, [i]) : (i: number) => pool.applyAsync(noop, [i]);
  const end = async () => {
    pool.close();
    await pool.join();
  };
  return { run, end };
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

async function burst(pool: RunningPool): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: BURST }, (_, i) => pool.run(i)));
  return (BURST / (performance.now() - start)) * 1000;
}

const [, , name = '', way = ''] = process.argv;
const pool = await start(name, way);
// The start of the workers is measured by itself, from nothing to the end.
await pool.run(0);
const values: number[] = [];
for (let i = 0; i < (way === 'apply' ? WINDOWS : BURSTS); i++) {
  values.push(await (way === 'apply' ? windowOf(pool) : burst(pool)));
}
console.log(JSON.stringify(values));
await pool.end();
