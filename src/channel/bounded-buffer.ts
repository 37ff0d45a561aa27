import { Empty, Full, ShutDown } from '../contracts/errors.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { closedError, Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word } from '../memory/struct.ts';
import { discardParcel, type Parcel } from '../ring/parcel.ts';
import { outcome, Ring, ring, SCRATCH_BYTES } from '../ring/ring.ts';
import { WaitList, waitList } from '../sync/wait-list.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import type { Waitable } from '../sync/waitable.ts';
import { type Attempt, NOT_YET, type NotYet } from '../waits/attempt.ts';
import { DONE, soon } from '../waits/loop-turn.ts';
import { announce } from './announce.ts';
import { giveBack, keepParcel, pack, unpack } from './transport.ts';

/** The words of a bounded buffer. `own` and `ownLine` are for each kind of queue to use. */
export const bufferLayout = objectStruct({
  own: word,
  ring: line(ring),
  getters: waitList,
  putters: waitList,
  ownLine: line(),
});
const field = bufferLayout.at;

/** Buffers into which parcels are copied before they are decoded. A decoder that itself gets from a queue uses another buffer. */
const scratches: Uint8Array[] = [];

/** A queue in the heap that any members can put into and get from: the base of `Queue` and `SimpleQueue`. */
export abstract class BoundedBuffer<T> extends SharedObject implements Waitable {
  readonly #family: Family;
  readonly #ring: Ring;
  readonly #getters: WaitQueue;
  readonly #putters: WaitQueue;

  constructor(kind: number, make: number | Existing) {
    super(kind, make instanceof Existing ? make : bufferLayout.words);
    const { family, offset } = locate(this);
    if (!(make instanceof Existing)) {
      try {
        Ring.create(family, offset + field.ring * 4, make);
      } catch (error) {
        // Does not call the `close` of subclasses, whose fields are not initialized yet.
        super.close();
        throw error;
      }
    }
    this.#family = family;
    this.#ring = new Ring(family, offset + field.ring * 4);
    this.#getters = new WaitQueue(family, offset + field.getters * 4, {
      isReady: () => this.#ring.size > 0 || this.#ring.isShutDown,
    });
    this.#putters = new WaitQueue(family, offset + field.putters * 4, {
      isReady: () => this.#ring.size < this.#ring.bound || this.#ring.isShutDown,
    });
  }

  /**
   * Waits for a free place and puts an item in. When the promise has resolved, every process sees the item. Rejects with `Full` after the
   * time-out, with `ShutDown`, `ClosedError` or the signal's reason.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    let parcel: number | Parcel = 0;
    try {
      this.assertOpen();
      if (options !== undefined) {
        readTimeout(options);
        options.signal?.throwIfAborted();
      }
      parcel = this.#prepare(item);
      const isIn = options === undefined && !this.#putters.hasLocal && this.#tryPush(parcel);
      if (!isIn) return this.#putLater(parcel, options);
      return soon(DONE);
    } catch (error) {
      this.#discard(parcel);
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until there is a free place, and puts an item in. Throws `Full` after the time-out, `ShutDown` or `ClosedError`. */
  putSync(item: T, options?: SyncWaitOptions): void {
    this.assertOpen();
    readTimeout(options);
    const parcel = this.#prepare(item);
    try {
      if (options === undefined && this.#tryPush(parcel)) return;
      this.#putters.waitSync(this.#pushing(parcel), options, throwFull);
    } catch (error) {
      this.#discard(parcel);
      throw error;
    }
  }

  /**
   * Waits for the oldest item and takes it out. Rejects with `Empty` after the time-out, with `ShutDown` when no item will come any more,
   * with `ClosedError` or the signal's reason.
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      this.assertOpen();
      if (options === undefined && !this.#getters.hasLocal) {
        const item = this.#attemptGet();
        if (item !== NOT_YET) return soon(Promise.resolve(item));
      }
      return this.#getters.wait(this.#attemptGet, options, throwEmpty);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until there is an item, and takes out the oldest. Throws `Empty` after the time-out, `ShutDown` or `ClosedError`. */
  getSync(options?: SyncWaitOptions): T {
    this.assertOpen();
    if (options === undefined) {
      const item = this.#attemptGet();
      if (item !== NOT_YET) return item;
    }
    return this.#getters.waitSync(this.#attemptGet, options, throwEmpty);
  }

  /** Puts an item in without waiting. Throws `Full` if there is no room. */
  putNowait(item: T): void {
    this.putSync(item, { timeout: 0 });
  }

  /** Takes the oldest item out without waiting. Throws `Empty` if there is none. */
  getNowait(): T {
    const item = this.attemptGet();
    if (item === NOT_YET) throw new Empty();
    return item;
  }

  /** The number of items in the queue: exact in every process, at the moment of the call. */
  qsize(): number {
    return this.ring.size;
  }

  /** True if there is no item in the queue: exact in every process, at the moment of the call. */
  empty(): boolean {
    this.assertOpen();
    return this.#ring.size === 0;
  }

  /** For `wait`: true if `get` would not wait, because there is an item or because no item will come any more. */
  isReady(): boolean {
    this.assertOpen();
    return this.#ring.size > 0 || this.#ring.isShutDown;
  }

  /** For `wait`: calls `callback` once, when `get` would not wait. Returns a function that cancels this. */
  onReady(callback: () => void): () => void {
    this.assertOpen();
    const stop = new AbortController();
    const wait = this.#getters.wait(
      () => this.isReady() || NOT_YET,
      { signal: stop.signal },
      () => true,
    );
    wait.then(callback, () => {});
    return () => stop.abort();
  }

  /** Ends the use of the queue in this process: waits of this thread reject with a `ClosedError`. The items stay in the queue for other processes. */
  override close(): void {
    const error = closedError(this);
    this.#getters.close(error);
    this.#putters.close(error);
    super.close();
  }

  /** @internal */
  protected get ring(): Ring {
    this.assertOpen();
    return this.#ring;
  }

  /** @internal Looks once, without waiting: returns the item or `NOT_YET`. */
  protected attemptGet(): T | NotYet {
    this.assertOpen();
    return this.#attemptGet();
  }

  /** @internal Wakes all members that wait to put or to get, after a change that is final. */
  protected wakeAll(): void {
    this.#getters.notifyAll();
    this.#putters.notifyAll();
    this.#family.parker.schedule();
  }

  readonly #attemptGet = (): T | NotYet => {
    const scratch = scratches.pop() ?? new Uint8Array(SCRATCH_BYTES);
    try {
      const from = this.#ring;
      const found = from.pop(scratch);
      if (found === outcome.EMPTY) return NOT_YET;
      if (found === outcome.SHUT) throw new ShutDown();
      if (from.bound > 0 && this.#putters.hasWaiting) announce(this.#putters);
      const { popped } = from;
      return typeof popped === 'number' ? (popped as T) : this.#open(popped, from.start, from.block);
    } finally {
      scratches.push(scratch);
    }
  };

  #open(parcel: Parcel, start: number, block: number): T {
    try {
      return unpack(this.#family, parcel, start) as T;
    } finally {
      giveBack(this.#family, block);
    }
  }

  /** Packs an item. A small integer needs no parcel. */
  #prepare(item: T): number | Parcel {
    if (typeof item === 'number' && (item | 0) === item && !Object.is(item, -0)) return item;
    return pack(this.#family, item, 'item');
  }

  async #putLater(parcel: number | Parcel, options: WaitOptions | undefined): Promise<void> {
    try {
      await this.#putters.wait(this.#pushing(parcel), options, throwFull);
    } catch (error) {
      this.#discard(parcel);
      throw error;
    }
  }

  /** Returns the attempt to push an item, which must outlast this call. */
  #pushing(parcel: number | Parcel): Attempt<undefined> {
    const kept = typeof parcel === 'number' ? parcel : keepParcel(parcel);
    return () => (this.#tryPush(kept) ? undefined : NOT_YET);
  }

  /** Returns false if there is no free place. Once it is pushed, an item stays in, even if the rest of the call fails. */
  #tryPush(parcel: number | Parcel): boolean {
    const found = typeof parcel === 'number' ? this.#ring.pushInt(parcel) : this.#ring.push(parcel);
    if (found === outcome.SHUT) throw new ShutDown();
    if (found === outcome.FULL) return false;
    if (this.#getters.hasWaiting) announce(this.#getters);
    return true;
  }

  /** Frees an item that was not pushed. */
  #discard(parcel: number | Parcel): void {
    if (typeof parcel !== 'number') discardParcel(this.#family, parcel);
  }
}

function throwEmpty(): never {
  throw new Empty();
}

function throwFull(): never {
  throw new Full();
}

/** Destroys a buffer that no member holds any more. */
export function destroyBuffer(family: Family, offset: number): void {
  new Ring(family, offset + field.ring * 4).destroy();
  for (const list of [field.getters, field.putters]) {
    new WaitList(family, offset + list * 4).destroy();
  }
}
