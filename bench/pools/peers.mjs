// Other pools of Node, each with two workers that are up: one task, run by each in its own quickest way. Not compiled: the packages are bench/'s own.
import { fileURLToPath } from 'node:url';

/** As many as the machines have CPUs on which the table of figures is made. */
const WORKERS = 2;

const file = (name) => fileURLToPath(new URL(`${name}.mjs`, import.meta.url));

async function piscina(filename) {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename, minThreads: WORKERS, maxThreads: WORKERS });
  return { run: (i) => pool.run(i), end: () => pool.destroy() };
}

async function tinypool(runtime) {
  const { Tinypool } = await import('tinypool');
  const filename = file('noop-worker');
  const pool = new Tinypool({ filename, minThreads: WORKERS, maxThreads: WORKERS, runtime });
  return { run: (i) => pool.run(i), end: () => pool.destroy() };
}

async function workerpool(workerType) {
  const { default: workerpool } = await import('workerpool');
  const options = { minWorkers: WORKERS, maxWorkers: WORKERS, workerType };
  const pool = workerpool.pool(file('workerpool-worker'), options);
  return { run: (i) => pool.exec('noop', [i]), end: () => pool.terminate() };
}

/** Starts a pool, by the name of its package and what its workers are, where it has a choice. */
export const peers = {
  piscina: () => piscina(file('noop-worker')),
  'piscina-compute': () => piscina(file('compute-worker')),
  tinypool: () => tinypool('worker_threads'),
  'tinypool-process': () => tinypool('child_process'),
  workerpool: () => workerpool('thread'),
  'workerpool-process': () => workerpool('process'),
  async poolifier() {
    const { FixedThreadPool } = await import('poolifier');
    const pool = new FixedThreadPool(WORKERS, file('poolifier-worker'));
    return { run: (i) => pool.execute(i), end: () => pool.destroy() };
  },
};
