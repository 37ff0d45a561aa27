import { Empty } from '../contracts/errors.ts';
import { type NameOption, readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { closedError, Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word } from '../memory/struct.ts';
import type { Ring } from '../ring/ring.ts';
import type { Waitable } from '../sync/waitable.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { whenReady } from '../waits/when-ready.ts';
import { BatchedPut, throwFull } from './batched-put.ts';
import { type Letter, Mailbox, mailbox } from './mailbox.ts';
import { unpack } from './transport.ts';

/** The words of a bounded buffer. `own` and `ownLine` are for each kind of queue to use. */
export const bufferLayout = objectStruct({ own: word, box: line(mailbox), ownLine: line() });
const field = bufferLayout.at;

/** A queue in the heap that any members can put into and get from: the base of `Queue` and `SimpleQueue`. */
export abstract class BoundedBuffer<T> extends SharedObject implements Waitable {
  readonly #family: Family;
  /** `undefined` once the queue is closed here. */
  #mailbox: Mailbox | undefined;

  constructor(kind: number, make: number | Existing, options?: NameOption) {
    super(kind, make instanceof Existing ? make : bufferLayout.words, options);
    const { family, offset } = locate(this);
    const place = offset + field.box * 4;
    if (!(make instanceof Existing)) {
      try {
        Mailbox.create(family, place, make);
      } catch (error) {
        // Does not call the `close` of subclasses, whose fields are not initialized yet.
        super.close();
        throw error;
      }
    }
    this.#family = family;
    this.#mailbox = new Mailbox(family, place);
  }

  /** Returns the mailbox of the queue. Throws a `ClosedError` if the queue is closed here. */
  #box(): Mailbox {
    if (this.#mailbox === undefined) throw closedError(this);
    return this.#mailbox;
  }

  /**
   * Waits for a free place and puts an item in. When the promise has resolved, every process sees the item. Rejects with `Full` after the
   * time-out, with `ShutDown`, `ClosedError` or the signal's reason.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      const box = this.#box();
      if (options !== undefined) {
        readTimeout(options);
        options.signal?.throwIfAborted();
      }
      return box.send(box.pack(item, 'item'), 0, options, throwFull);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until there is a free place, and puts an item in. Throws `Full` after the time-out, `ShutDown` or `ClosedError`. */
  putSync(item: T, options?: SyncWaitOptions): void {
    const box = this.#box();
    if (options !== undefined) readTimeout(options);
    box.sendSync(box.pack(item, 'item'), 0, options, throwFull);
  }

  /**
   * Waits for the oldest item and takes it out. Rejects with `Empty` after the time-out, with `ShutDown` when no item will come any more,
   * with `ClosedError` or the signal's reason.
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      return this.#box().receive(this.#attemptGet, options, throwEmpty);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until there is an item, and takes out the oldest. Throws `Empty` after the time-out, `ShutDown` or `ClosedError`. */
  getSync(options?: SyncWaitOptions): T {
    return this.#box().receiveSync(this.#attemptGet, options, throwEmpty);
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

  /** Returns the number of items in the queue: exact in every process, at the moment of the call. */
  qsize(): number {
    return this.ring.size;
  }

  /** True if there is no item in the queue: exact in every process, at the moment of the call. */
  empty(): boolean {
    return this.#box().ring.isEmpty;
  }

  /** For `wait`: true if `get` would not wait, because there is an item or because no item will come any more. */
  isReady(): boolean {
    const { ring } = this.#box();
    return !ring.isEmpty || ring.isShutDown;
  }

  /** For `wait`: calls `callback` once, when `get` would not wait. Returns a function that cancels this. */
  onReady(callback: () => void): () => void {
    return whenReady(this.#box().receivers, () => this.isReady(), callback);
  }

  /** Ends the use of the queue in this process: waits of this thread reject with a `ClosedError`. The items stay in the queue for other processes. */
  override close(): void {
    this.#mailbox?.close(closedError(this));
    this.#mailbox = undefined;
    super.close();
  }

  /** @internal */
  protected get ring(): Ring {
    return this.#box().ring;
  }

  /** @internal Looks once, without waiting: returns the item or `NOT_YET`. */
  protected attemptGet(): T | NotYet {
    return this.#attemptGet();
  }

  /** @internal Begins to put many items in. `isTimed` says whether the next item may take its time. */
  protected batchedPut(options: WaitOptions | undefined, isTimed: boolean): BatchedPut {
    return new BatchedPut(this.#box(), () => this.assertOpen(), options, isTimed);
  }

  /** @internal Takes out small integers without waiting, as long as the oldest item is one. Returns their number. */
  protected takeInts(into: Int32Array): number {
    return this.#box().popInts(into);
  }

  /** @internal Wakes all members that wait to put or to get, after a change that is final. */
  protected wakeAll(): void {
    const { receivers, senders } = this.#box();
    receivers.list.notifyAll();
    senders.list.notifyAll();
    this.#family.parker.schedule();
  }

  readonly #attemptGet = (): T | NotYet => this.#box().tryPop(this.#open);

  readonly #open = (letter: Letter, start: number): T =>
    (typeof letter === 'number' ? letter : unpack(this.#family, letter, start)) as T;
}

function throwEmpty(): never {
  throw new Empty();
}

/** Destroys a buffer that no member holds any more. */
export function destroyBuffer(family: Family, offset: number): void {
  Mailbox.destroy(family, offset + field.box * 4);
}
