/** Other pools of Node, each with two workers that are up: one task, run by each in its own quickest way. */
import { fileURLToPath } from 'node:url';

/** A pool as the benchmark sees it. */
export interface RunningPool {
  run(i: number): PromiseLike<unknown>;
  end(): unknown;
}

/** As many as the machines have CPUs on which the table of figures is made. */
export const WORKERS = 2;

// Not compiled: they stand in bench/, this file in build/bench/.
const worker = (name: string): string => fileURLToPath(new URL(`../../../bench/pools/${name}.mjs`, import.meta.url));

/** Starts a pool, by the name of its package. */
export const peers: Readonly<Record<string, () => Promise<RunningPool>>> = {
  async piscina() {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({ filename: worker('noop-worker'), minThreads: WORKERS, maxThreads: WORKERS });
    return { run: (i) => pool.run(i), end: () => pool.destroy() };
  },
  async tinypool() {
    const { Tinypool } = await import('tinypool');
    const filename = worker('noop-worker');
    const pool = new Tinypool({ filename, minThreads: WORKERS, maxThreads: WORKERS });
    return { run: (i) => pool.run(i), end: () => pool.destroy() };
  },
  async workerpool() {
    const { default: workerpool } = await import('workerpool');
    const options = { minWorkers: WORKERS, maxWorkers: WORKERS, workerType: 'thread' } as const;
    const pool = workerpool.pool(worker('workerpool-worker'), options);
    return { run: (i) => pool.exec('noop', [i]), end: () => pool.terminate() };
  },
  async poolifier() {
    const { FixedThreadPool } = await import('poolifier');
    const pool = new FixedThreadPool<number, number>(WORKERS, worker('poolifier-worker'));
    return { run: (i) => pool.execute(i), end: () => pool.destroy() };
  },
};
