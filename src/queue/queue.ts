import { ClosedError, Empty, Full, ShutDown, StateError, TimeoutError } from '../contracts/errors.ts';
import { assertIterable, isImmediate, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import {
  type AnyQueue,
  afterGetting,
  afterPutting,
  checkMax,
  readBound,
  type ShutdownOptions,
} from '../contracts/queue.ts';
import { staysHere } from '../contracts/stays-here.ts';
import { Fifo } from './fifo.ts';
import { QueueIterator } from './queue-iterator.ts';
import { readWait, type Wait } from './wait.ts';
import { timedOut, Unserved, WaitLine } from './wait-line.ts';

/**
 * A first-in, first-out queue between the async functions of one process: Python's `queue.Queue`.
 *
 * Waits are promises, served first come, first served: an item goes to the `get` that has waited longest, a free place to the `put` that
 * has waited longest. Time-outs are milliseconds. A `get` that finds an item resolves without a turn of the event loop, as in asyncio. A
 * loop that never finds the queue empty therefore holds up timers and sockets, unless it awaits something that takes a turn of the event
 * loop.
 *
 * Use the `Queue` of `multiproc` between processes or worker threads.
 *
 * To store items in another way, extend this class and override `_put`, `_get` and `_qsize`, as in Python.
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
  /** The largest number of items in the queue, 0 for no bound. */
  readonly maxsize: number;

  readonly #items = new Fifo<T>();
  // Between two calls, no `get` waits while there is an item, and no `put` waits while there is a place.
  readonly #getters = new WaitLine<undefined, T>();
  readonly #putters = new WaitLine<T, undefined>();
  readonly #joiners = new WaitLine<undefined, undefined>();
  /** The number of items put and not yet marked done. */
  #unfinished = 0;
  #state: 'open' | 'shut down' | 'closed' = 'open';

  /** @param maxsize The largest number of items in the queue; no bound if it is missing or below 1. A fraction or NaN throws a `RangeError`. */
  constructor(maxsize = 0) {
    this.maxsize = readBound(maxsize);
    this._init(this.maxsize);
  }

  /**
   * Waits for a free place and puts an item in. Rejects with `Full` after the time-out, `ShutDown`, `ClosedError`, or the signal's
   * reason; the item is then not in the queue.
   */
  async put(item: T, options?: WaitOptions): Promise<void> {
    const wait = readWait(options);
    if (!this.#offer(item)) await this.#waitForPlace(item, wait);
  }

  /**
   * Puts an item in without waiting. If there is no room, throws `Full` if `timeout` was given, and a `StateError` otherwise: a blocked
   * thread cannot make room, so the call would wait for ever.
   */
  putSync(item: T, options?: SyncWaitOptions): void {
    const { timeout } = readWait(options);
    if (this.#offer(item)) return;
    if (timeout === Number.POSITIVE_INFINITY) throw deadlock('putSync', 'the queue is full', 'put', 'putNowait');
    throw new Full();
  }

  /** Puts an item in without waiting, or throws `Full`, `ShutDown` or `ClosedError`. */
  putNowait(item: T): void {
    if (!this.#offer(item)) throw new Full();
  }

  /**
   * Waits for the next item and takes it out. Rejects with `Empty` after the time-out, `ShutDown` when no item will come any more,
   * `ClosedError`, or the signal's reason; no item is then taken. If the item is a promise, `get` resolves to its value; `getNowait`
   * returns the promise itself.
   */
  async get(options?: WaitOptions): Promise<T> {
    const wait = readWait(options);
    return this.#hasItem() ? this.#take() : await this.#waitForItem(wait);
  }

  /**
   * Takes the next item without waiting. If there is none, throws `Empty` if `timeout` was given, and a `StateError` otherwise: a blocked
   * thread cannot put an item in, so the call would wait for ever.
   */
  getSync(options?: SyncWaitOptions): T {
    const { timeout } = readWait(options);
    if (this.#hasItem()) return this.#take();
    if (timeout === Number.POSITIVE_INFINITY) throw deadlock('getSync', 'the queue is empty', 'get', 'getNowait');
    throw new Empty();
  }

  /** Takes the next item without waiting, or throws `Empty`, `ShutDown` or `ClosedError`. */
  getNowait(): T {
    if (!this.#hasItem()) throw new Empty();
    return this.#take();
  }

  /**
   * Puts the items in one after another and waits for room. Items of another `put` may come between them. The next item is read from
   * `items` only when there is room. The time-out is for the whole call. Rejects with `Full`, `ShutDown`, `ClosedError`, or the signal's
   * reason; `done` of the error is the number of items put in, also of the signal's reason.
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
      throw afterPutting(error, done);
    }
  }

  /**
   * Waits for the first item, then takes the items that are there, up to `max`. `Infinity` takes all; a `max` below 1 throws a
   * `RangeError`. Rejects as `get` does. If the `_get` of a subclass throws, `items` of the error has the items taken before.
   */
  async getMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const wait = readWait(options);
    const items = [this.#hasItem() ? this.#take() : await this.#waitForItem(wait)];
    try {
      while (items.length + 1 <= max && this.#state !== 'closed' && this._qsize() > 0) items.push(this.#take());
    } catch (error) {
      // The `_get` of a subclass failed: the items taken before must not be lost.
      throw afterGetting(error, items);
    }
    return items;
  }

  /** Returns the number of items in the queue. */
  qsize(): number {
    this.#mustNotBeClosed();
    return this._qsize();
  }

  /** Returns true if there is no item in the queue. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Returns true if there is no free place; always false without a bound. */
  full(): boolean {
    this.#mustNotBeClosed();
    return this.#isFull();
  }

  /** Marks an item that was taken out as done. Throws a `StateError` if it is called more often than items were put. */
  taskDone(): void {
    this.#mustNotBeClosed();
    if (this.#unfinished === 0) throw new StateError('taskDone() was called more often than items were put.');
    this.#unfinished -= 1;
    this.#releaseJoiners();
  }

  /**
   * Waits until every item, including items put during the wait, has been marked with `taskDone()`. Rejects with `TimeoutError` after the
   * time-out, `ClosedError`, or the signal's reason.
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
   * Returns if all items are done. Otherwise throws `TimeoutError` if `timeout` was given, and a `StateError` if not: a blocked thread
   * cannot do the remaining work, so the call would wait for ever.
   */
  joinSync(options?: SyncWaitOptions): void {
    const { timeout } = readWait(options);
    this.#mustNotBeClosed();
    if (this.#unfinished === 0) return;
    if (timeout !== Number.POSITIVE_INFINITY) throw new TimeoutError(this.#unfinishedMessage());
    throw deadlock('joinSync', this.#unfinishedMessage(), 'join');
  }

  /**
   * Ends the queue: from now on `put` fails with `ShutDown`, and so does `get` once the queue is empty. `immediate` drops the items in
   * the queue and counts them as done. May be repeated, also to add `immediate`.
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

  /** Ends every use of this object: waits reject with a `ClosedError`, and so does every later call but `close()`. */
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

  /** Iterates over the items until the queue is shut down and empty. After the loop is left, no item is taken. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new QueueIterator((options) => this.get(options));
  }

  /**
   * Called once by the constructor, for subclasses ported from Python. Better store the items in fields of the subclass: fields are
   * initialized after this call and would overwrite values set here.
   */
  protected _init(_maxsize: number): void {}

  /** Returns the number of stored items. */
  protected _qsize(): number {
    return this.#items.size;
  }

  /** Stores an item. Called only if there is a free place. If it throws, the `put` fails with the error, and the item counts as not put. */
  protected _put(item: T): void {
    this.#items.push(item);
  }

  /**
   * Takes an item out of the store. Called only if there is an item. If it throws, the `get` fails with the error, and the item counts as
   * not taken.
   */
  protected _get(): T {
    return this.#items.shift();
  }

  /** Puts the item in if there is a free place; returns whether it did. */
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

  // Errors of a wait are made after the `await`, so that their stacks show the function that waited.

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

  /** Serves waits as long as there are items and places. Never throws: an error of `_put` or `_get` goes to the wait that is served. */
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

staysHere(Queue, 'use the Queue of multiproc');
