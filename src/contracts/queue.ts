import type { WaitOptions } from '../options.ts';
import type { Awaitable } from './awaitable.ts';

/** How a queue is shut down. */
export interface ShutdownOptions {
  /** Throws away what is inside; false if left out, and `get` gives it first. */
  readonly immediate?: boolean | undefined;
}

/**
 * What all queues can do, whatever holds their items: the shared memory of a family, one process, or the server of a manager. A function
 * that takes an `AnyQueue` takes any of them; it awaits each call, since some return a promise where others return at once.
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
  /** Puts an item in, waiting for a free place; rejects with `Full` when the time is over, with `ShutDown`, `ClosedError` or the signal's reason. */
  put(item: T, options?: WaitOptions): Promise<void>;
  /** Takes the next item out, waiting for one; rejects with `Empty` when the time is over, with `ShutDown` when none will come, with `ClosedError` or the signal's reason. */
  get(options?: WaitOptions): Promise<T>;
  /** Puts an item in if there is room at once; fails with `Full` otherwise. */
  putNowait(item: T): Awaitable<void>;
  /** Takes the next item out if there is one at once; fails with `Empty` otherwise. */
  getNowait(): Awaitable<T>;
  /** Puts all items in, waiting for room; the time-out is for all of them. If it fails, the error's `done` says how many items are in. */
  putMany(items: Iterable<T>, options?: WaitOptions): Promise<void>;
  /** Waits for the first item, then takes what is there: 1 to `max` items, all of them if `max` is `Infinity`. */
  getMany(max: number, options?: WaitOptions): Promise<T[]>;
  /** How many items are in the queue. */
  qsize(): Awaitable<number>;
  /** True if there is no item in the queue. */
  empty(): Awaitable<boolean>;
  /** True if the queue has a bound and holds as many items. */
  full(): Awaitable<boolean>;
  /** Lets nothing in any more: `put` fails with `ShutDown`, and so does `get` once the queue is drained. May be repeated. */
  shutdown(options?: ShutdownOptions): Awaitable<void>;
  /** Lets go of the queue here: waits end with a `ClosedError`, as does every later use but `close()`. */
  close(): void;
}

/** Reads the bound of a queue: 0 for none, as of what is missing or below 1; a fraction or NaN is a `RangeError`. */
export function readBound(maxsize: number | undefined = 0): number {
  if (typeof maxsize !== 'number') throw new TypeError(`maxsize must be a number of items, not ${typeof maxsize}`);
  if (maxsize === Number.POSITIVE_INFINITY || maxsize === Number.NEGATIVE_INFINITY) return 0;
  if (!Number.isInteger(maxsize)) throw new RangeError(`maxsize must be a whole number of items, not ${maxsize}`);
  return Math.max(0, maxsize);
}

/** Checks how many items a `getMany` may take: a whole number from 1 on, or `Infinity`. */
export function checkMax(max: number): void {
  if (typeof max !== 'number') throw new TypeError(`max must be a number of items, not ${typeof max}`);
  if (max === Number.POSITIVE_INFINITY || (Number.isInteger(max) && max >= 1)) return;
  throw new RangeError(`max must be a whole number from 1 on, or Infinity, not ${max}`);
}

/** The error of a `putMany`, which says how many items are in. The reason of an abort is the caller's own object, and stays as it is. */
export function afterPutting(error: unknown, done: number, signal: AbortSignal | undefined): unknown {
  return error instanceof Error && error !== signal?.reason ? Object.assign(error, { done }) : error;
}

/** The error of a `getMany` that could not read an item: its `items` are those before, which are out of the queue. */
export function afterGetting(error: unknown, items: readonly unknown[]): unknown {
  return error instanceof Error ? Object.assign(error, { items }) : error;
}
