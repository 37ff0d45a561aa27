/** Our pool in the scenarios of pools. */
import { Barrier, Pool, setSpareProcesses } from 'multiproc';
import { idleChildren } from '../idle-children.ts';
import { allAtOnce, oneAtATime, perSecond } from './measure.ts';
import { type RunningPool, WORKERS } from './running-pool.ts';

const SPARES = 2;

const noop = (i: number): number => i;

async function withPool<T>(measure: (pool: Pool) => Promise<T>): Promise<T> {
  await using pool = new Pool(WORKERS);
  return await measure(pool);
}

const asRunning = (pool: Pool, run: RunningPool['run']): RunningPool => ({ run, end: () => pool.close() });

/** Items per second of a `map`. */
function map(count: number, options: { chunksize?: number }): Promise<number> {
  const items = Array.from({ length: count }, (_, i) => i);
  return withPool((pool) => perSecond(count, () => pool.map(noop, items, options)));
}

/** Milliseconds of the first `map` of a pool, after one task. */
export function firstMap(count: number): Promise<number> {
  const items = Array.from({ length: count }, (_, i) => i);
  return withPool(async (pool) => {
    await pool.apply(noop, [0]);
    const start = performance.now();
    await pool.map(noop, items);
    return performance.now() - start;
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
  setSpareProcesses(SPARES);
  return withPool(async (pool) => {
    // Each worker has compiled the function once it comes to the barrier.
    using barrier = new Barrier(WORKERS);
    const warm = async (): Promise<void> => {
      compute(1e7);
      await barrier.wait();
    };
    await Promise.all(Array.from({ length: WORKERS }, () => pool.apply(warm)));
    // The spares that the workers were made of are replaced by new ones, which take their time to start.
    await idleChildren(WORKERS + SPARES);
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
  'pool-map-single': (count) => map(count, { chunksize: 1 }),
  'pool-map': (count) => map(count, {}),
  'pool-two-tasks': (count) => computing(count, 2),
};
