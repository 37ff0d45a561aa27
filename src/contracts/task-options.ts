import { assertOptions, assertOptionType, assertWhole, readTimeout } from './options.ts';
import { checkRetryDelay, type RetryDelay } from './retry-delay.ts';

/** The options of a task. */
export interface TaskOptions {
  /** The longest time that the task may run, in milliseconds from its start. After that the pool ends the task's worker, and the task rejects with `TimeoutError`. */
  readonly timeout?: number | undefined;
  /** Ends the task when the signal is aborted: a waiting task never starts, the worker of a running task is ended. The task rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** How many times the task is run again after it has thrown or lost its worker; 0 by default. */
  readonly retries?: number | undefined;
  /**
   * How long the task waits before it is run again: milliseconds, or `{ delay, factor, jitter }`, whose delay grows by the factor each time. Without it
   * the task is run again at once. Has no effect without `retries`.
   */
  readonly retryDelay?: RetryDelay | undefined;
  /** Tasks with a bigger number start first, tasks with equal numbers in order of submission; 0 by default. */
  readonly priority?: number | undefined;
}

/** The options of a task, with all defaults filled in. */
export interface SubmitOptions {
  readonly timeout: number;
  readonly retries: number;
  readonly retryDelay: RetryDelay | undefined;
  readonly priority: number;
  readonly signal?: AbortSignal;
}

/** The options of calls that take many items. */
export interface MapOptions extends TaskOptions {
  /** The number of items in one task (a chunk). Time-outs and retries apply to a whole chunk. The default is four chunks per worker. */
  readonly chunksize?: number | undefined;
  /** For `imap` and `imapUnordered`: the largest number of items that are unfinished or unread, 4 × workers × chunksize by default. */
  readonly buffersize?: number | undefined;
  /** Rejects at the first error and ends the other tasks. */
  readonly failFast?: boolean | undefined;
  /** Called after each task with the number of items done. */
  readonly onProgress?: ((done: number, total?: number) => void) | undefined;
}

/** The callbacks of `applyAsync`, `mapAsync` and `starmapAsync`. */
export interface Callbacks<R> {
  /** Called with the result. An error that the callback throws becomes a process warning. */
  readonly callback?: ((result: R) => unknown) | undefined;
  /** Called with the error of a failed task. An error that the callback throws becomes a process warning. */
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}

/** Throws a `TypeError` unless `fn` is a function. */
export function assertTask(fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new TypeError(`A task is a function, not ${fn === null ? 'null' : typeof fn}`);
}

/** Returns the list of arguments. Throws a `TypeError` unless it is an array. */
export function argumentsOf(args: unknown = [], name = 'args', of = 'function'): readonly unknown[] {
  if (!Array.isArray(args)) throw new TypeError(`${name} must be an array: the arguments of the ${of}, in order`);
  return args;
}

/** One object for all tasks without options: tens of thousands of tasks may wait. */
export const NONE: TaskOptions = {};
const DEFAULTS: SubmitOptions = { retries: 0, retryDelay: undefined, priority: 0, timeout: Number.POSITIVE_INFINITY };

/** Reads the options of a task and fills in the defaults. Throws if they are invalid. */
export function readOptions(options: TaskOptions): SubmitOptions {
  if (options === NONE) return DEFAULTS;
  assertOptions(options, '{ retries: 2 }');
  const timeout = readTimeout(options);
  const { retries = 0, retryDelay, priority = 0, signal } = options;
  assertWhole('retries', retries, 0);
  checkRetryDelay(retryDelay);
  assertOptionType('priority', priority, 'number');
  if (Number.isNaN(priority)) throw new RangeError('priority must be a number, not NaN');
  return { retries, retryDelay, priority, timeout, ...(signal === undefined ? {} : { signal }) };
}

/** Checks the options of a call that takes many items. Returns the options of its tasks, with defaults filled in. */
export function readMapOptions(options: MapOptions): SubmitOptions {
  const submit = readOptions(options);
  atLeastOne('chunksize', options.chunksize, 1);
  assertOptionType('failFast', options.failFast, 'boolean');
  assertOptionType('onProgress', options.onProgress, 'function');
  return submit;
}

/** Throws a `TypeError` for a callback that is not a function. */
export function checkCallbacks<R>({ callback, errorCallback }: Callbacks<R>): void {
  assertOptionType('callback', callback, 'function');
  assertOptionType('errorCallback', errorCallback, 'function');
}

/** Returns `value`, an integer from 1 on, or `otherwise` if it is `undefined`. */
export function atLeastOne(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  assertWhole(name, value, 1);
  return value;
}
