/** Our pool in the scenarios of pools. */
import { Pool } from 'multiproc';
import { allAtOnce, oneAtATime } from './measure.ts';
import { type RunningPool, WORKERS } from './peers.ts';

const noop = (i: number): number => i;

async function withPool<T>(measure: (pool: Pool) => Promise<T>): Promise<T> {
  await using pool = new Pool(WORKERS);
  return await measure(pool);
}

const asRunning = (pool: Pool, run: RunningPool['run']): RunningPool => ({ run, end: () => pool.close() });

/** Items per second of one `map`, after a tenth of them as a warm-up. */
function map(count: number, chunksize: number | undefined): Promise<number> {
  return withPool(async (pool) => {
    const round = async (items: number): Promise<number> => {
      const input = Array.from({ length: items }, (_, i) => i);
      const start = performance.now();
      await pool.map(noop, input, chunksize === undefined ? {} : { chunksize });
      return performance.now() - start;
    };
    await round(count / 10);
    return (count / (await round(count))) * 1000;
  });
}

/** Some `count` ms of arithmetic, the same work in every process. */
function compute(rounds: number): number {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}

/** Milliseconds of two CPU-bound tasks at once, or of one alone, each some `count` ms long. */
export function computing(count: number, tasks: number): Promise<number> {
  return withPool(async (pool) => {
    // Both workers are up and have compiled the function.
    await Promise.all([pool.apply(compute, [1e7]), pool.apply(compute, [1e7])]);
    const start = performance.now();
    await Promise.all(Array.from({ length: tasks }, () => pool.apply(compute, [count * ROUNDS_PER_MS])));
    return performance.now() - start;
  });
}

/** Of the loop above, on a machine of today; what it really takes is measured. */
const ROUNDS_PER_MS = 600_000;

/** By the name of the scenario. */
export const poolScenarios: Readonly<Record<string, (count: number) => Promise<number>>> = {
  'pool-apply': (count) =>
    withPool((pool) =>
      oneAtATime(
        asRunning(pool, (i) => pool.apply(noop, [i])),
        count,
      ),
    ),
  'pool-apply-many': (count) =>
    withPool((pool) =>
      allAtOnce(
        asRunning(pool, (i) => pool.applyAsync(noop, [i])),
        count,
      ),
    ),
  'pool-map-single': (count) => map(count, 1),
  'pool-map': (count) => map(count, undefined),
  'pool-two-tasks': (count) => computing(count, 2),
};
