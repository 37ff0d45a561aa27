import type { Awaitable } from './awaitable.ts';
import type { WaitOptions } from './options.ts';

/** Options of a queue's `shutdown()`. */
export interface ShutdownOptions {
  /** Drops the items in the queue. False by default: `get` still returns them. */
  readonly immediate?: boolean | undefined;
}

/**
 * The methods of all queues, whether the items are in the shared memory of a family, in one process, or in the server of a manager. A function
 * with a parameter of this type accepts any of them. It must await each call, because some queues return a promise where others return a value.
 *
 * @example
 * import { type AnyQueue, Queue } from 'multiproc';
 * import { Queue as LocalQueue } from 'multiproc/queue';
 * import assert from 'node:assert';
 *
 * async function drain(queue: AnyQueue<string>): Promise<string[]> {
 *   const items: string[] = [];
 *   while (!(await queue.empty())) items.push(await queue.get());
 *   return items;
 * }
 * for (const queue of [new Queue<string>(), new LocalQueue<string>()]) {
 *   await queue.put('a');
 *   assert.deepEqual(await drain(queue), ['a']);
 * }
 */
export interface AnyQueue<T> extends AsyncIterable<T> {
  /** Waits for a free place and puts an item in. Rejects with `Full` after the time-out, with `ShutDown`, `ClosedError` or the signal's reason. */
  put(item: T, options?: WaitOptions): Promise<void>;
  /**
   * Waits for the next item and takes it out. Rejects with `Empty` after the time-out, with `ShutDown` when no item will come any more, with
   * `ClosedError` or the signal's reason.
   */
  get(options?: WaitOptions): Promise<T>;
  /** Puts an item in without waiting. Fails with `Full` if there is no room. */
  putNowait(item: T): Awaitable<void>;
  /** Takes the next item out without waiting. Fails with `Empty` if there is none. */
  getNowait(): Awaitable<T>;
  /**
   * Puts all items in and waits for room. The time-out is for all items together. If the call fails, `done` of the error is the number of items put in,
   * also if it is the signal's reason, unless that is no `Error`. A reason that several calls share has the number of the last one.
   */
  putMany(items: Iterable<T>, options?: WaitOptions): Promise<void>;
  /** Waits for the first item, then takes the items that are there, up to `max`. `Infinity` takes all. */
  getMany(max: number, options?: WaitOptions): Promise<T[]>;
  /** The number of items in the queue. */
  qsize(): Awaitable<number>;
  /** True if there is no item in the queue. */
  empty(): Awaitable<boolean>;
  /** True if the queue has a bound and has reached it. */
  full(): Awaitable<boolean>;
  /** Ends the input: `put` fails with `ShutDown`, and so does `get` once the queue is empty. May be repeated. */
  shutdown(options?: ShutdownOptions): Awaitable<void>;
  /** Ends the use in this thread: waits reject with a `ClosedError`, and so does every later call but `close()`. */
  close(): void;
}

/** Returns the bound of a queue: 0 (no bound) for `undefined` and for numbers below 1. Throws a `RangeError` for a fraction or NaN. */
export function readBound(maxsize: number | undefined = 0): number {
  if (typeof maxsize !== 'number') throw new TypeError(`maxsize must be a number of items, not ${typeof maxsize}`);
  if (maxsize === Number.POSITIVE_INFINITY || maxsize === Number.NEGATIVE_INFINITY) return 0;
  if (!Number.isInteger(maxsize)) throw new RangeError(`maxsize must be a whole number of items, not ${maxsize}`);
  return Math.max(0, maxsize);
}

/** Throws unless `max`, the number of items that a `getMany` may take, is an integer from 1 on or `Infinity`. */
export function checkMax(max: number): void {
  if (typeof max !== 'number') throw new TypeError(`max must be a number of items, not ${typeof max}`);
  if (max === Number.POSITIVE_INFINITY || (Number.isInteger(max) && max >= 1)) return;
  throw new RangeError(`max must be a whole number from 1 on, or Infinity, not ${max}`);
}

/**
 * Adds the number of items put in to the error of a `putMany`, which may be an object of the caller: the reason of an abort, or what an iterator threw. If
 * that object is no error, or is frozen, it stays as it is.
 */
export function afterPutting(error: unknown, done: number): unknown {
  if (error instanceof Error) Reflect.set(error, 'done', done);
  return error;
}

/** Adds the items that a `getMany` has taken out to its error, when the next item could not be read. */
export function afterGetting(error: unknown, items: readonly unknown[]): unknown {
  return error instanceof Error ? Object.assign(error, { items }) : error;
}
