import type { SyncWaitOptions, WaitOptions } from '../options.ts';
import { Queue } from './queue.ts';

/**
 * A first-in, first-out queue without a bound and with nothing else: Python's `queue.SimpleQueue`.
 * Where you need a bound, `join`, `shutdown` or a loop over the items, take `Queue`.
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

  /** Puts an item; never waits, the options are there so that a `Queue` can take its place. Rejects with `ClosedError`. */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.#queue.put(item, options);
  }

  /** Puts an item; never waits. Throws `ClosedError`. */
  putSync(item: T, options?: SyncWaitOptions): void {
    this.#queue.putSync(item, options);
  }

  /** Puts an item; never waits. Throws `ClosedError`. */
  putNowait(item: T): void {
    this.#queue.putNowait(item);
  }

  /** Takes the oldest item, and waits for one if there is none. Rejects with `Empty` when the time is up, `ClosedError`, or the signal's reason. */
  get(options?: WaitOptions): Promise<T> {
    return this.#queue.get(options);
  }

  /** Takes the oldest item at once, or throws `Empty`; where no time-out was given a `StateError`, since it would wait for ever. */
  getSync(options?: SyncWaitOptions): T {
    return this.#queue.getSync(options);
  }

  /** Takes the oldest item at once, or throws `Empty` or `ClosedError`. */
  getNowait(): T {
    return this.#queue.getNowait();
  }

  /** How many items are in the queue. */
  qsize(): number {
    return this.#queue.qsize();
  }

  /** Whether there is no item to take. */
  empty(): boolean {
    return this.#queue.empty();
  }

  /** Ends every use of this object: who waits gets a `ClosedError`, as does every later call but `close()` itself. */
  close(): void {
    this.#queue.close();
  }

  /** Closes the queue at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
