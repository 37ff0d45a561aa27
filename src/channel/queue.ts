import { clock } from '../builtins.ts';
import {
  type AnyQueue,
  afterGetting,
  afterPutting,
  checkMax,
  readBound,
  type ShutdownOptions,
} from '../contracts/queue.ts';
import { EndOfStreamError, ShutDown } from '../errors.ts';
import { Existing } from '../memory/shared-object.ts';
import { onAbort } from '../on-abort.ts';
import { assertIterable, isImmediate, readTimeout, type WaitOptions } from '../options.ts';
import { NOT_YET } from '../sync/spinner.ts';
import { type Waitable, waitables } from '../sync/waitable.ts';
import { BoundedBuffer, registerBufferKind } from './bounded-buffer.ts';

/** Who puts into a queue, for a `get` that ends with them. */
export interface Producers {
  /** What becomes ready when a producer is gone: the `sentinel` of each process that puts. */
  readonly producers?: Iterable<Waitable> | undefined;
}

/** Why a `get` ends whose producers are gone. */
const END = Symbol('end');

/** The number of this kind among shared objects. */
export const QUEUE_KIND = 2;
registerBufferKind(QUEUE_KIND);

/**
 * A first-in, first-out queue that all processes of a family share: any number of producers and consumers, with or without an
 * event loop. It may be passed anywhere: in `args`, in another queue, in a result. Items of one producer keep their order.
 *
 * Items are copied (see docs/what-crosses.md), but for large binaries, which arrive as views of shared memory. Nobody who is
 * killed while using it hangs the others or tears an item.
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
  /** `maxsize` is the most items that it may hold; missing or below 1: no bound. A fraction or NaN is a `RangeError`. */
  constructor(maxsize?: number);
  /** @internal */
  constructor(maxsize: number | Existing | undefined, kind?: number);
  constructor(maxsize: number | Existing = 0, kind: number = QUEUE_KIND) {
    super(kind, maxsize instanceof Existing ? maxsize : roomFor(maxsize));
  }

  /**
   * Takes the oldest item out, waiting for one if need be. With `producers`, such as the `sentinel`s of processes that put, it waits no
   * longer than there are any: when all are ready and nothing is inside, it rejects with an `EndOfStreamError`.
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
      // What has ended may have put before.
      const last = this.attemptGet();
      if (last !== NOT_YET) return last;
      throw new EndOfStreamError('The queue is empty, and all of its producers are gone.');
    } finally {
      stopListening?.();
      for (const stop of stops) stop();
    }
  }

  /** The most items that it may hold, 0 for no bound. */
  get maxsize(): number {
    return this.ring.bound;
  }

  /**
   * Puts all items in, in order, waiting for room as need be; the time-out is for all of them. If it fails, the error's `done`
   * says how many items are in.
   */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    this.assertOpen();
    const timeout = readTimeout(options);
    assertIterable('items', items);
    const deadline = clock() + timeout;
    const signal = options?.signal;
    let done = 0;
    try {
      for (const item of items) {
        const left = timeout === Number.POSITIVE_INFINITY ? undefined : Math.max(0, deadline - clock());
        await (options === undefined ? this.put(item) : this.put(item, { timeout: left, signal }));
        done++;
      }
    } catch (error) {
      throw afterPutting(error, done, signal);
    }
  }

  /**
   * Waits for the first item, then takes what is there: 1 to `max` items, all of them if `max` is `Infinity`. If one of them cannot be read, as when the `decode` of
   * its class throws, the error's `items` are those before it.
   */
  async getMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const items: T[] = [(await this.get(options)) as T];
    try {
      while (items.length < max) {
        const item = this.attemptGet();
        if (item === NOT_YET) break;
        items.push(item);
      }
    } catch (error) {
      // The end is for the next call: these items are out of the queue.
      if (!(error instanceof ShutDown)) throw afterGetting(error, items);
    }
    return items;
  }

  /** True if it has a bound and holds as many items. */
  full(): boolean {
    const { bound, size } = this.ring;
    return bound > 0 && size >= bound;
  }

  /**
   * Lets nothing in any more, in all processes: `put` answers `ShutDown`, `get` gives what is inside and then answers it too.
   * `immediate` throws away what is inside. It may be repeated.
   */
  shutdown(options?: ShutdownOptions): void {
    this.ring.shutdown(isImmediate(options));
    this.wakeAll();
  }

  /** Gives items until the queue is shut down and drained. Leaving the loop costs no item. */
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

/** The bound as the ring takes it: more than it could ever count is no bound. */
function roomFor(maxsize: number): number {
  const bound = readBound(maxsize);
  return bound > 0x7fffffff ? 0 : bound;
}
