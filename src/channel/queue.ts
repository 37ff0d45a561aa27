import { EndOfStreamError, ShutDown } from '../contracts/errors.ts';
import { assertIterable, isImmediate, type NameOption, readTimeout, type WaitOptions } from '../contracts/options.ts';
import {
  type AnyQueue,
  afterGetting,
  afterPutting,
  checkMax,
  readBound,
  type ShutdownOptions,
} from '../contracts/queue.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing } from '../memory/shared-object.ts';
import { type Waitable, waitables } from '../sync/waitable.ts';
import { NOT_YET } from '../waits/attempt.ts';
import { onAbort } from '../waits/on-abort.ts';
import type { BatchedPut } from './batched-put.ts';
import { BoundedBuffer, destroyBuffer } from './bounded-buffer.ts';

/** The option of a `get` that ends when all producers have ended. */
export interface Producers {
  /** Objects that become ready when a producer has ended, such as the `sentinel` of each process that puts items. */
  readonly producers?: Iterable<Waitable> | undefined;
}

/** The abort reason of a `get` whose producers have all ended. */
const END = Symbol('end');

defineKind(kinds.QUEUE, { make: () => Queue, destroy: destroyBuffer });

/**
 * A first-in, first-out queue that all processes of a family share: any number of producers and consumers, with or without an
 * event loop. It may be passed anywhere: in `args`, in another queue, in a result. Items of one producer keep their order.
 *
 * Items are copied (see docs/what-crosses.md). Large binaries of 32 MiB and more can arrive as views of shared memory. A process that is
 * killed while it uses the queue does not hang the others and does not tear an item.
 *
 * @example
 * import { Process, Queue } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const squares = new Queue<number>(10);
 * const p = new Process({
 *   target: async () => {
 *     for (let i = 0; i < 100; i++) await squares.put(i * i);
 *     squares.shutdown();
 *   },
 * });
 * p.start();
 * let sum = 0;
 * for await (const square of squares) sum += square;
 * assert.equal(sum, 328350);
 */
export class Queue<T> extends BoundedBuffer<T> implements AnyQueue<T>, Disposable {
  /** `maxsize` is the largest number of items in the queue; no bound if it is missing or below 1. A fraction or NaN throws a `RangeError`. */
  constructor(maxsize?: number, options?: NameOption);
  /** @internal */
  constructor(maxsize: number | Existing | undefined, options?: NameOption, kind?: number);
  constructor(maxsize: number | Existing = 0, options?: NameOption, kind: number = kinds.QUEUE) {
    super(kind, maxsize instanceof Existing ? maxsize : roomFor(maxsize), options);
  }

  /**
   * Waits for the oldest item and takes it out. Rejects with `Empty` after the time-out, with `ShutDown`, `ClosedError` or the signal's
   * reason. With `producers`, such as the `sentinel`s of the processes that put items, it rejects with an `EndOfStreamError` when all of
   * them are ready and the queue is empty.
   */
  override get(options?: WaitOptions & Producers): Promise<T> {
    return options?.producers === undefined ? super.get(options) : this.#getFrom(options.producers, options);
  }

  async #getFrom(producers: Iterable<Waitable>, options: WaitOptions): Promise<T> {
    const all = waitables(producers, 'producers');
    readTimeout(options);
    options.signal?.throwIfAborted();
    const over = new AbortController();
    const stops: (() => void)[] = [];
    const end = () => over.abort(END);
    const look = () => all.every((producer) => producer.isReady()) && end();
    const { signal } = options;
    const stopListening = signal && onAbort(signal, () => over.abort(signal.reason));
    try {
      for (const producer of all) stops.push(producer.onReady(look));
      look();
      return await super.get({ timeout: options.timeout, signal: over.signal });
    } catch (error) {
      if (error !== END) throw error;
      // A producer may have put items before it ended.
      const last = this.attemptGet();
      if (last !== NOT_YET) return last;
      throw new EndOfStreamError('The queue is empty, and all of its producers are gone.');
    } finally {
      stopListening?.();
      for (const stop of stops) stop();
    }
  }

  /** The largest number of items in the queue, 0 for no bound. */
  get maxsize(): number {
    return this.ring.bound;
  }

  /**
   * Puts all items in, in order, and waits for room. The time-out is for all items together. If the call fails, `done` of the error is
   * the number of items put in, also if the error is the signal's reason.
   */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    assertIterable('items', items);
    let put: BatchedPut | undefined;
    try {
      if (this.ring.isShutDown) throw new ShutDown();
      // An array has its items at hand; another iterator may take its time for each.
      put = this.batchedPut(options, !Array.isArray(items));
      try {
        for (const item of items) {
          const added = put.add(item);
          if (added !== undefined) await added;
        }
      } finally {
        // What came before an item that cannot be sent, or before the error of an iterator, goes in.
        await put.flush();
      }
    } catch (error) {
      throw afterPutting(error, put?.done ?? 0);
    } finally {
      put?.end();
    }
  }

  /**
   * Waits for the first item, then takes the items that are there, up to `max`. `Infinity` takes all. If an item cannot be read, for
   * example because the `decode` of its class throws, `items` of the error has the items before it.
   */
  async getMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const items: T[] = [(await this.get(options)) as T];
    try {
      while (items.length < max) {
        const ints = max - items.length >= scratch.length ? scratch : scratch.subarray(0, max - items.length);
        const taken = this.takeInts(ints);
        for (let i = 0; i < taken; i++) items.push(ints[i] as T);
        if (taken > 0) continue;
        const item = this.attemptGet();
        if (item === NOT_YET) break;
        items.push(item);
      }
    } catch (error) {
      // The next call reports the shutdown: these items are out of the queue already.
      if (!(error instanceof ShutDown)) throw afterGetting(error, items);
    }
    return items;
  }

  /** Returns true if the queue has a bound and has reached it. */
  full(): boolean {
    const { bound, size } = this.ring;
    return bound > 0 && size >= bound;
  }

  /**
   * Ends the input in all processes: `put` fails with `ShutDown`, and so does `get` once the queue is empty. `immediate` drops the items
   * in the queue. May be repeated.
   */
  shutdown(options?: ShutdownOptions): void {
    this.ring.shutdown(isImmediate(options));
    this.wakeAll();
  }

  /** Iterates over the items until the queue is shut down and empty. Leaving the loop loses no item. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: async () => {
        try {
          return { done: false, value: await this.get() };
        } catch (error) {
          if (error instanceof ShutDown) return { done: true, value: undefined };
          throw error;
        }
      },
      return: async () => ({ done: true, value: undefined }),
    };
  }
}

/** Small integers on their way out of the ring. */
const scratch = new Int32Array(256);

/** Returns the bound for the ring. A bound that is more than the ring can count is no bound. */
function roomFor(maxsize: number): number {
  const bound = readBound(maxsize);
  return bound > 0x7fffffff ? 0 : bound;
}
