import { os } from '../engine/builtins.ts';
import { lazy } from '../loading/lazy.ts';

const termination = lazy(() => require('./termination.ts') as typeof import('./termination.ts'));
const memory = lazy(() => require('../memory/family.ts') as typeof import('../memory/family.ts'));

/** The task that is running, as `currentTask()` returns it. */
export interface CurrentTask {
  /** The id of the task, which is the same in each attempt and different from that of all other tasks of its pool. */
  readonly id: string;
  /** How many times the task has been started, with this time: 1, and more after each retry. A start that a host of a cluster gave back, since it had to stop, does not count. */
  readonly attempt: number;
  /** A number that grows with each start of the task: something outside that remembers the greatest one can refuse an attempt that was given up. */
  readonly fence: bigint;
  /** The name of the machine; in a pool of a cluster `HostInfo.id`. */
  readonly host: string;
  /**
   * Aborted when the task is stopped: by its signal, its time-out, or `terminate()`. A task that has read `signal` has one second to clean up, then its worker is
   * killed. Worker threads are ended at once, and so is a worker that computes without a pause.
   */
  readonly signal: AbortSignal;
}

/** What a worker knows of a task. `start` counts the starts of its submission, where it differs from the attempt. */
export type AboutTask = readonly [
  id: string,
  attempt: number,
  submission: number,
  host: string | undefined,
  start?: number,
];

/** A fence has the submission above the start. */
const ATTEMPT_BITS = 16n;

interface Source<Hand extends object = object> {
  /** Returns the task whose code is running. */
  readonly find: () => Hand | undefined;
  readonly describe: (hand: Hand) => AboutTask;
}

let source: Source | undefined;
const presented = new WeakMap<object, AboutTask>();
const known = new WeakMap<object, CurrentTask>();
/** The controllers of the signals that were read; aborted ones may stay until they are collected. */
const controllers = new Set<WeakRef<AbortController>>();
let isListening = false;

/** Declares that this thread runs tasks. */
export function becomeSource<Hand extends object>(tasks: Source<Hand>): void {
  source = tasks as unknown as Source;
}

/** Declares what `currentTask` returns for the running task: it runs a task of another pool. */
export function presentTask(about: AboutTask): void {
  const hand = source?.find();
  if (hand === undefined) return;
  presented.set(hand, about);
  // One task here may run several there.
  known.delete(hand);
}

/**
 * Returns the task that is running: its id, how many times it was started, and where it runs. Returns `undefined` outside of a task, and in an initializer
 * or finalizer.
 *
 * @example
 * import { currentTask, Pool } from 'multiproc';
 * import assert from 'node:assert';
 *
 * await using pool = new Pool(1);
 * const untilThird = () => {
 *   const { attempt } = currentTask()!;
 *   if (attempt < 3) throw new Error('not yet');
 *   return attempt;
 * };
 * assert.equal(await pool.apply(untilThird, [], { retries: 5 }), 3);
 * assert.equal(currentTask(), undefined);
 */
export function currentTask(): CurrentTask | undefined {
  const hand = source?.find();
  if (hand === undefined) return undefined;
  let task = known.get(hand);
  if (task === undefined) {
    task = makeTask(presented.get(hand) ?? source!.describe(hand));
    known.set(hand, task);
  }
  return task;
}

function makeTask([id, attempt, submission, host = os.hostname(), start = attempt]: AboutTask): CurrentTask {
  let controller: AbortController | undefined;
  return Object.freeze({
    id,
    attempt,
    fence: (BigInt(submission) << ATTEMPT_BITS) + BigInt(start),
    host,
    get signal() {
      controller ??= makeController();
      return controller.signal;
    },
  });
}

/** Only a worker whose task listens gets time to clean up, so the first signal that is read begins to listen. */
function makeController(): AbortController {
  const controller = new AbortController();
  for (const each of controllers) if (each.deref() === undefined) controllers.delete(each);
  controllers.add(new WeakRef(controller));
  if (!isListening) {
    isListening = true;
    termination().onTermination(memory().family(), () => {
      for (const each of controllers) each.deref()?.abort();
    });
  }
  return controller;
}
