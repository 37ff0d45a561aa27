import type { SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import { staysHere } from '../contracts/stays-here.ts';
import { Queue } from './queue.ts';

/**
 * A first-in, first-out queue without a bound: Python's `queue.SimpleQueue`. For a bound, `join`, `shutdown` or a loop over the items,
 * use `Queue`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { Empty, SimpleQueue } from 'multiproc/queue';
 *
 * const q = new SimpleQueue<string>();
 * await q.put('hello');
 * assert.equal(await q.get(), 'hello');
 * assert.throws(() => q.getNowait(), Empty);
 * ```
 */
export class SimpleQueue<T> implements Disposable {
  readonly #queue = new Queue<T>();

  /** Puts an item in; never waits. `options` have no effect: they exist so that a `SimpleQueue` can replace a `Queue`. Rejects with `ClosedError`. */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.#queue.put(item, options);
  }

  /** Puts an item in; never waits. Throws `ClosedError`. */
  putSync(item: T, options?: SyncWaitOptions): void {
    this.#queue.putSync(item, options);
  }

  /** Puts an item in; never waits. Throws `ClosedError`. */
  putNowait(item: T): void {
    this.#queue.putNowait(item);
  }

  /** Waits for the oldest item and takes it out. Rejects with `Empty` after the time-out, `ClosedError`, or the signal's reason. */
  get(options?: WaitOptions): Promise<T> {
    return this.#queue.get(options);
  }

  /**
   * Takes the oldest item without waiting. If there is none, throws `Empty` if `timeout` was given, and a `StateError` otherwise: the
   * call would wait for ever.
   */
  getSync(options?: SyncWaitOptions): T {
    return this.#queue.getSync(options);
  }

  /** Takes the oldest item without waiting, or throws `Empty` or `ClosedError`. */
  getNowait(): T {
    return this.#queue.getNowait();
  }

  /** Returns the number of items in the queue. */
  qsize(): number {
    return this.#queue.qsize();
  }

  /** Returns true if there is no item in the queue. */
  empty(): boolean {
    return this.#queue.empty();
  }

  /** Ends every use of this object: waits reject with a `ClosedError`, and so does every later call but `close()`. */
  close(): void {
    this.#queue.close();
  }

  /** Closes the queue at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

staysHere(SimpleQueue, 'use the Queue of multiproc');
