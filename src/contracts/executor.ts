import type { Admission, Feeder } from './admission.ts';
import type { PoolStats } from './pool.ts';
import type { SubmitOptions, TaskOptions } from './task-options.ts';

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of its functions.
export type AnyFunction = (...args: any[]) => unknown;

/** How a task calls its function. */
export const way = {
  /** Once, with all arguments. */
  CALL: 0,
  /** Once for each item of a chunk. */
  EACH: 1,
  /** Once for each item of a chunk, whose elements are the arguments. */
  STAR: 2,
  /** Once with the whole chunk and the index of its first item. */
  CHUNK: 3,
} as const;
export type Way = (typeof way)[keyof typeof way];
/** The name of the pool's call for each way. */
export const callOf = ['apply', 'map', 'starmap', 'mapChunks'] as const;

/** How a task came to its end in a worker. */
export const outcome = {
  /** The result of one call. */
  RESULT: 1,
  /** The error that the function threw, or the reason for which the task could not be run. */
  ERROR: 2,
  /** EACH or STAR: all results in order, and the errors by their index in the chunk. */
  RESULTS: 3,
} as const;
export type Outcome =
  | readonly [kind: typeof outcome.RESULT, value: unknown]
  | readonly [kind: typeof outcome.ERROR, error: unknown]
  | readonly [kind: typeof outcome.RESULTS, values: unknown[], errors: [index: number, error: unknown][]];

/** True if the task, or an item of it, has failed. */
export function hasFailed(end: Outcome): boolean {
  return end[0] === outcome.ERROR || (end[0] === outcome.RESULTS && end[2].length > 0);
}

/** Receives the end of a task. Neither method may throw; exactly one is called, once. */
export interface Sink {
  /** Receives the end that a worker reported: a result, an error, or results. */
  settle(end: Outcome): void;
  /** Receives an error that was made outside of a worker. */
  fail(error: unknown): void;
}

/** What a pool submits: one call, or one chunk of a `map`. */
export interface Task {
  readonly fn: AnyFunction;
  readonly how: Way;
  /** The arguments, or the items of the chunk. */
  readonly input: ArrayLike<unknown>;
  /** The index of the chunk's first item. */
  readonly start: number;
  /** Retries, priority and time-out are up to the executor, as is the signal. */
  readonly options: SubmitOptions;
  readonly sink: Sink;
  /** True if another task is submitted right after this one: what takes long, such as the start of a worker, may wait for the last of them. */
  readonly isFollowed?: boolean;
}

/** The workers of an executor. */
interface Workers {
  /** The largest number of workers. */
  readonly size: number;
  /** The process ids of the living workers on this machine. */
  readonly pids: number[];
  readonly counts: Pick<PoolStats, 'workers' | 'started' | 'lost'>;
}

/**
 * Runs the tasks of one pool: the processes or threads of this program, or the hosts of a cluster. `Pool` checks what the user gives, cuts
 * batches into tasks and gathers their results; an executor gets each task to a worker and its end back.
 */
export interface Executor<Submitted = unknown> {
  /** Whether it accepts tasks. The executor changes this by `close`, `terminate`, or when it can never work. */
  readonly admission: Admission;
  readonly workers: Workers;
  readonly counts: Pick<PoolStats, 'outstanding' | 'done' | 'failed'>;
  /** The number of tasks that have not ended in every respect: also of those settled whose worker is still being ended. */
  readonly outstanding: number;
  /** Accepts a task. Throws what keeps it from being sent, the reason of its aborted signal, and what `admission` says. */
  submit(task: Task, feeder?: Feeder): Submitted;
  /** Ends one task now with this error: a waiting one never starts, the worker of a running one is ended. */
  end(submitted: Submitted, error: unknown): void;
  /** Accepts no more tasks; the workers end when all tasks are done. */
  close(): void;
  /** Ends all tasks and all workers now. */
  terminate(): void;
  /** Resolves when, after `close` or `terminate`, no task is outstanding and no worker is left. */
  ended(): Promise<void>;
  /** Throws a `StateError` where tasks end only through the event loop, so that nothing may block it. */
  assertSync(): void;
  /** Blocks the thread until `isDone` returns true. */
  waitSync(isDone: () => boolean): void;
  /** Lets `callable`, which stands for `fn` in this pool, be sent to other processes. `run` does here what they ask for. */
  wrap(callable: AnyFunction, fn: AnyFunction, options: TaskOptions, run: (call: PoolCall) => Promise<unknown>): void;
}

/** A call of a wrapped function in another process. */
export interface PoolCall {
  readonly fn: AnyFunction;
  readonly args: unknown[];
  readonly options: TaskOptions;
}
