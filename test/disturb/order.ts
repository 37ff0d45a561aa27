import { createRequire } from 'node:module';
import { isMainThread, workerData } from 'node:worker_threads';
import type { Cell } from './cell.ts';
import { failuresOf } from './failures.ts';
import { points } from './points.ts';
import { signalSelf } from './signal-self.ts';

/**
 * What is to happen before the `at`-th point is passed; the one behind the last is the end. `kill` the process or thread, `stop` it, there
 * and at other points, have its next call that may `fail` with `errno` do so, or `starve` it: no descriptor is left to the process, by
 * the kernel's own limit, until what it does is over. `count` lets all pass.
 */
export interface Order {
  readonly way: 'count' | 'kill' | 'stop' | 'fail' | 'starve';
  readonly at: readonly number[];
  readonly errno: number;
}

/** Where a thread's exit code stands: see process/thread-bootstrap.ts. */
export const EXIT_CODE = 1;

/** What a cell says in place of a point when all have been passed. */
export const END = -1;

export const countPoints: Order = { way: 'count', at: [], errno: 0 };

/**
 * Carries out the order in this thread, from here on; what it answers calls it off. It knows nothing of the library, which may not be there
 * yet.
 */
export function obey({ way, at, errno }: Order, cell: Cell): () => void {
  const trace: number[] = [];
  const left = [...at].sort((a, b) => a - b);
  let passed = 0;
  cell.set('pid', process.pid);
  const begin = (point: number) => {
    left.shift();
    cell.set('point', point);
    cell.set('reached', at.length - left.length);
  };
  const disturb = (point: number) => {
    begin(point);
    if (way === 'kill') die();
    else if (way === 'stop') stop(cell);
    else if (way === 'starve') limitDescriptors(0n);
  };
  points.visit = (point, call) => {
    passed++;
    if (way === 'count') cell.note(trace.length, point);
    trace.push(point);
    if (passed < (left[0] ?? Number.POSITIVE_INFINITY)) return 0;
    if (way !== 'fail') disturb(point);
    else if (call !== undefined && failuresOf(call).includes(errno)) {
      begin(point);
      return errno;
    }
    return 0;
  };
  return () => {
    points.visit = undefined;
    if (way === 'starve') limitDescriptors(undefined);
    else if (way !== 'fail' && left[0] === passed + 1) disturb(END);
    cell.trace = trace;
  };
}

/** Ends this process, or this thread of it, at once: no handler runs. */
function die(): void {
  if (isMainThread) signalSelf('SIGKILL');
  // As if it had been killed; nobody else has set it by then.
  workerData.words[EXIT_CODE] = -9;
  (process as unknown as { reallyExit(code: number): never }).reallyExit(1);
}

/** Stands still until the stopper has it go on. */
function stop(cell: Cell): void {
  if (isMainThread) signalSelf('SIGSTOP');
  else cell.await('goneOn', cell.get('reached'));
}

const NOFILE = 7;
let former: BigUint64Array | undefined;

/** Sets how many descriptors this process may have; those that are open stay so. */
function limitDescriptors(limit: bigint | undefined): void {
  const libc = createRequire(`${process.cwd()}/`)(`@koromix/koffi-linux-${process.arch}`).load(null);
  if (limit === undefined) {
    if (former !== undefined) libc.func('int setrlimit(int what, const uint64_t* limit)')(NOFILE, former);
    former = undefined;
    return;
  }
  former = new BigUint64Array(2);
  libc.func('int getrlimit(int what, _Out_ uint64_t* limit)')(NOFILE, former);
  libc.func('int setrlimit(int what, const uint64_t* limit)')(NOFILE, BigUint64Array.of(limit, former[1] as bigint));
}
