import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { getStartMethod } from 'multiproc';
import { Cell, nap } from './cell.ts';

/** How long a stopped one stands still if the others do not say that they are done, in ms: longer than anything in the library is patient. */
const STANDSTILL = 40;

/** Whom to look after: the victim that has this cell. */
interface Charge {
  readonly path: string;
  readonly isThread: boolean;
}

let worker: Worker | undefined;

/**
 * Whenever the victim is stopped, gives the others time and has it go on, until its act is over. In a thread of its own that is no member of
 * the family: the test's own thread may be waiting for the stopped one.
 */
export function lookAfter({ path }: Cell, isThread = getStartMethod() === 'thread'): Promise<void> {
  worker ??= new Worker(fileURLToPath(import.meta.url), { workerData: 'stopper' });
  const charge: Charge = { path, isThread };
  worker.postMessage(charge);
  worker.ref();
  return new Promise((resolve) => {
    worker?.once('message', () => {
      worker?.unref();
      resolve();
    });
  });
}

if (!isMainThread && workerData === 'stopper') {
  parentPort?.on('message', ({ path, isThread }: Charge) => {
    using cell = new Cell(path);
    for (let time = 1; cell.await('reached', time); time++) {
      const pid = cell.get('pid');
      while (!isThread && stateOf(pid) !== 'T') nap();
      cell.set('stopped', time);
      const until = performance.now() + STANDSTILL;
      while (cell.get('done') < time && performance.now() < until) nap();
      cell.set('goneOn', time);
      if (!isThread) process.kill(pid, 'SIGCONT');
    }
    parentPort?.postMessage('over');
  });
}

/** One letter, as in proc(5). */
function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}
