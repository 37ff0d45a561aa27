import {
  type AnyQueue,
  afterGetting,
  afterPutting,
  checkMax,
  readBound,
  type ShutdownOptions,
} from '../contracts/queue.ts';
import { ClosedError, Empty, Full, ShutDown, StateError, TimeoutError } from '../errors.ts';
import { assertIterable, isImmediate, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { Fifo } from './fifo.ts';
import { QueueIterator } from './queue-iterator.ts';
import { readWait, type Wait } from './wait.ts';
import { timedOut, Unserved, WaitLine } from './wait-line.ts';

/**
 * A first-in, first-out queue between the async functions of one process: Python's `queue.Queue`.
 *
 * Waits are promises, and are served first come, first served: an item goes straight to the `get` that has waited
 * longest, a free place to the longest waiting `put`. Time-outs are milliseconds. A `get` that finds an item resolves
 * without a turn of the event loop, as in asyncio: a loop that never finds the queue empty holds up timers and
 * sockets, unless it awaits something that does take a turn.
 *
 * Not for several processes or worker threads: that is the `Queue` of `multiproc`.
 *
 * To store items differently, extend it and override `_put`, `_get` and `_qsize`, as in Python.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { Queue } from 'multiproc/queue';
 *
 * const q = new Queue<string>(10);
 * const consumer = (async () => {
 *   const seen: string[] = [];
 *   for await (const item of q) {
 *     seen.push(item);
 *     q.taskDone();
 *   }
 *   return seen;
 * })();
 *
 * for (const item of ['a', 'b', 'c']) await q.put(item);
 * await q.join(); // every item was taken and marked done
 * q.shutdown(); // ends the consumer's loop
 * assert.deepEqual(await consumer, ['a', 'b', 'c']);
 * ```
 */
export class Queue<T> implements AnyQueue<T>, Disposable {
  /** The most items that it may hold, 0 for no bound. */
  readonly maxsize: number;

  readonly #items = new Fifo<T>();
  // Between two calls, no one waits to get while there is an item, and no one to put while there is a place.
  readonly #getters = new WaitLine<undefined, T>();
  readonly #putters = new WaitLine<T, undefined>();
  readonly #joiners = new WaitLine<undefined, undefined>();
  /** Items put and not yet marked done. */
  #unfinished = 0;
  #state: 'open' | 'shut down' | 'closed' = 'open';

  /** @param maxsize How many items fit; missing or below 1: no bound. A fraction or NaN is a `RangeError`. */
  constructor(maxsize = 0) {
    this.maxsize = readBound(maxsize);
    this._init(this.maxsize);
  }

  /**
   * Puts an item, and waits for a place if there is none.
   * Rejects with `Full` when the time is up, `ShutDown`, `ClosedError`, or the signal's reason; then the item is not in.
   */
  async put(item: T, options?: WaitOptions): Promise<void> {
    const wait = readWait(options);
    if (!this.#offer(item)) await this.#waitForPlace(item, wait);
  }

  /**
   * Puts an item at once; throws `Full`, also where a time-out was given, since no place can become free while the only
   * thread that could take something is blocked. Without a time-out that would mean for ever: a `StateError`.
   */
  putSync(item: T, options?: SyncWaitOptions): void {
    const { timeout } = readWait(options);
    if (this.#offer(item)) return;
    if (timeout === Number.POSITIVE_INFINITY) throw deadlock('putSync', 'the queue is full', 'put', 'putNowait');
    throw new Full();
  }

  /** Puts an item at once, or throws `Full`, `ShutDown` or `ClosedError`. */
  putNowait(item: T): void {
    if (!this.#offer(item)) throw new Full();
  }

  /**
   * Takes the next item, and waits for one if there is none.
   * Rejects with `Empty` when the time is up, `ShutDown` when none will come, `ClosedError`, or the signal's reason; then
   * it has taken nothing. An item that is a promise comes out as what it resolves to; `getNowait` hands over the promise itself.
   */
  async get(options?: WaitOptions): Promise<T> {
    const wait = readWait(options);
    return this.#hasItem() ? this.#take() : await this.#waitForItem(wait);
  }

  /**
   * Takes the next item at once; throws `Empty`, also where a time-out was given, since nothing can come while the only
   * thread that could put something is blocked. Without a time-out that would mean for ever: a `StateError`.
   */
  getSync(options?: SyncWaitOptions): T {
    const { timeout } = readWait(options);
    if (this.#hasItem()) return this.#take();
    if (timeout === Number.POSITIVE_INFINITY) throw deadlock('getSync', 'the queue is empty', 'get', 'getNowait');
    throw new Empty();
  }

  /** Takes the next item at once, or throws `Empty`, `ShutDown` or `ClosedError`. */
  getNowait(): T {
    if (!this.#hasItem()) throw new Empty();
    return this.#take();
  }

  /**
   * Puts the items one after another, and waits for places as needed; another `put` may come between two of them. The
   * items are drawn only as they fit; the time-out is for the whole call. Rejects as `put` does; the error's `done` says how many
   * items are in.
   */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    const { timeout, signal } = readWait(options);
    assertIterable('items', items);
    const deadline = performance.now() + timeout;
    let done = 0;
    try {
      this.#mustBeOpen();
      for (const item of items) {
        signal?.throwIfAborted();
        if (!this.#offer(item)) {
          await this.#waitForPlace(item, { timeout: Math.max(0, deadline - performance.now()), signal });
        }
        done += 1;
      }
    } catch (error) {
      throw afterPutting(error, done, signal);
    }
  }

  /**
   * Takes up to `max` items: waits for the first, then takes what is there. Rejects as `get` does. `Infinity` takes all;
   * a `max` below 1 is a `RangeError`. If the `_get` of a subclass throws, the error's `items` are those before.
   */
  async getMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const wait = readWait(options);
    const items = [this.#hasItem() ? this.#take() : await this.#waitForItem(wait)];
    try {
      while (items.length + 1 <= max && this.#state !== 'closed' && this._qsize() > 0) items.push(this.#take());
    } catch (error) {
      // A subclass's storage failed: what was taken before must not be lost.
      throw afterGetting(error, items);
    }
    return items;
  }

  /** How many items are in the queue. */
  qsize(): number {
    this.#mustNotBeClosed();
    return this._qsize();
  }

  /** Whether there is no item to take. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Whether there is no place to put; never true without a bound. */
  full(): boolean {
    this.#mustNotBeClosed();
    return this.#isFull();
  }

  /** Says that the work on an item taken earlier is complete; a `StateError` if said more often than items were put. */
  taskDone(): void {
    this.#mustNotBeClosed();
    if (this.#unfinished === 0) throw new StateError('taskDone() was called more often than items were put.');
    this.#unfinished -= 1;
    this.#releaseJoiners();
  }

  /**
   * Waits until every item put so far, and those put meanwhile, was taken and marked with `taskDone()`.
   * Rejects with `TimeoutError` when the time is up, `ClosedError`, or the signal's reason.
   */
  async join(options?: WaitOptions): Promise<void> {
    const wait = readWait(options);
    this.#mustNotBeClosed();
    if (this.#unfinished === 0) return;
    const outcome = wait.timeout === 0 ? timedOut : await this.#joiners.wait(undefined, wait);
    if (outcome === undefined) return;
    if (outcome.why === 'timeout') throw new TimeoutError(this.#unfinishedMessage());
    throw closed();
  }

  /**
   * Returns if all is done; else throws `TimeoutError` where a time-out was given, and a `StateError` where it would mean
   * to block for ever the only thread that could do the rest.
   */
  joinSync(options?: SyncWaitOptions): void {
    const { timeout } = readWait(options);
    this.#mustNotBeClosed();
    if (this.#unfinished === 0) return;
    if (timeout !== Number.POSITIVE_INFINITY) throw new TimeoutError(this.#unfinishedMessage());
    throw deadlock('joinSync', this.#unfinishedMessage(), 'join');
  }

  /**
   * Ends the queue for everyone: from now on `put` fails with `ShutDown`, and so does `get` once the queue is drained.
   * `immediate` drops the items that are in, and counts them as done. May be repeated, also to make it immediate.
   */
  shutdown(options?: ShutdownOptions): void {
    const drops = isImmediate(options);
    this.#mustNotBeClosed();
    this.#state = 'shut down';
    try {
      while (drops && this._qsize() > 0) {
        this._get();
        this.#unfinished = Math.max(0, this.#unfinished - 1);
      }
    } finally {
      this.#putters.resolveAll(new Unserved('shutdown'));
      this.#getters.resolveAll(new Unserved('shutdown'));
      this.#releaseJoiners();
    }
  }

  /** Ends every use of this object: who waits gets a `ClosedError`, as does every later call but `close()` itself. */
  close(): void {
    this.#state = 'closed';
    this.#putters.resolveAll(new Unserved('close'));
    this.#getters.resolveAll(new Unserved('close'));
    this.#joiners.resolveAll(new Unserved('close'));
  }

  /** Closes the queue at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes items until the queue is shut down and drained; leaving the loop takes nothing more. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new QueueIterator((options) => this.get(options));
  }

  /**
   * Called once by the constructor, for subclasses ported from Python. A field of the subclass is the better place for
   * its storage: fields are set after this call, and would replace what it has set.
   */
  protected _init(_maxsize: number): void {}

  /** How many items are stored. */
  protected _qsize(): number {
    return this.#items.size;
  }

  /** Stores an item; only called while there is a place. What it throws, the `put` throws, and the item counts as not put. */
  protected _put(item: T): void {
    this.#items.push(item);
  }

  /** Takes an item out of the store; only called while there is one. What it throws, the `get` throws, and the item counts as not taken. */
  protected _get(): T {
    return this.#items.shift();
  }

  /** Puts the item if there is a place, and says whether. */
  #offer(item: T): boolean {
    this.#mustBeOpen();
    if (this.#isFull()) return false;
    this._put(item);
    this.#unfinished += 1;
    this.#serve();
    return true;
  }

  #take(): T {
    const item = this._get();
    this.#serve();
    return item;
  }

  #hasItem(): boolean {
    this.#mustNotBeClosed();
    if (this._qsize() > 0) return true;
    if (this.#state === 'shut down') throw new ShutDown();
    return false;
  }

  // The errors of a wait are made after the `await`, not where the wait was ended: so their stacks show who waited.

  async #waitForPlace(item: T, wait: Wait): Promise<void> {
    const outcome = wait.timeout === 0 ? timedOut : await this.#putters.wait(item, wait);
    if (outcome === undefined) return;
    if (outcome.why === 'timeout') throw new Full();
    throw outcome.why === 'shutdown' ? new ShutDown() : closed();
  }

  async #waitForItem(wait: Wait): Promise<T> {
    const outcome = wait.timeout === 0 ? timedOut : await this.#getters.wait(undefined, wait);
    if (!(outcome instanceof Unserved)) return outcome;
    if (outcome.why === 'timeout') throw new Empty();
    throw outcome.why === 'shutdown' ? new ShutDown() : closed();
  }

  /** Serves those who wait, as far as items and places go. Never throws: what a hook throws goes to the one being served. */
  #serve(): void {
    while (this.#serveGetter() || this.#servePutter());
  }

  #serveGetter(): boolean {
    const getter = this.#getters.first;
    if (getter === undefined) return false;
    try {
      if (this._qsize() === 0) return false;
      const item = this._get();
      this.#getters.remove(getter);
      getter.resolve(item);
    } catch (error) {
      this.#getters.remove(getter);
      getter.reject(error);
    }
    return true;
  }

  #servePutter(): boolean {
    const putter = this.#putters.first;
    if (putter === undefined) return false;
    try {
      if (this.#isFull()) return false;
      this._put(putter.brings);
      this.#unfinished += 1;
      this.#putters.remove(putter);
      putter.resolve(undefined);
    } catch (error) {
      this.#putters.remove(putter);
      putter.reject(error);
    }
    return true;
  }

  #releaseJoiners(): void {
    if (this.#unfinished === 0) this.#joiners.resolveAll(undefined);
  }

  #isFull(): boolean {
    return this.maxsize > 0 && this._qsize() >= this.maxsize;
  }

  #mustBeOpen(): void {
    this.#mustNotBeClosed();
    if (this.#state === 'shut down') throw new ShutDown();
  }

  #mustNotBeClosed(): void {
    if (this.#state === 'closed') throw closed();
  }

  #unfinishedMessage(): string {
    return `${this.#unfinished} of the items put were not marked with taskDone()`;
  }
}

function closed(): ClosedError {
  return new ClosedError('The queue is closed: close() was called on it. Make a new one.');
}

function deadlock(call: string, why: string, use: string, or?: string): StateError {
  const advice = or === undefined ? `await ${use}()` : `await ${use}(), or ${or}()`;
  return new StateError(
    `${call}() would wait for ever: ${why}, and nothing else can run while this thread is blocked. Use ${advice}.`,
  );
}
