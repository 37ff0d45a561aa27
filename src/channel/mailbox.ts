import { ShutDown } from '../contracts/errors.ts';
import type { SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { struct } from '../memory/struct.ts';
import { discardEnvelope, type Envelope, type Scratch } from '../ring/envelope.ts';
import type { RecordBatch } from '../ring/record-batch.ts';
import { newScratch, outcome, Ring, ring } from '../ring/ring.ts';
import { WaitList, waitList } from '../sync/wait-list.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { type Attempt, NOT_YET, type NotYet } from '../waits/attempt.ts';
import { DONE, soon } from '../waits/loop-turn.ts';
import { keepEnvelope, pack } from './transport.ts';

/** A mailbox as a part of its object. */
export const mailbox = struct({ ring, receivers: waitList, senders: waitList });
const field = mailbox.at;

/** A message on its way. A small integer needs no envelope. */
export type Letter = number | Envelope;

/** What a mailbox must know about the holders of its two ends. */
interface Ends {
  /** Throws if no member will take a message out any more. */
  assertReceiver(): void;
  /** True if no message will come any more. */
  hasNoSender(): boolean;
  /** True if no member will take a message out any more. */
  hasNoReceiver(): boolean;
  /** Returns a member that holds the end from which messages come, and one that holds the other end: a waiter watches whether it dies. */
  senders(): readonly number[];
  receivers(): readonly number[];
}

/** Makes something of a message that was just taken out, at once: the bytes, from `start` on, are used again. */
export type Open<R> = (letter: Letter, start: number, tag: number) => R;

type Waiting = WaitOptions | undefined;
type Blocking = SyncWaitOptions | undefined;
/** What happens to a call at its time-out: returns its result, or throws its error. A function of the module, so that a call makes no closure. */
type Expire<Options, T> = (options: Options) => T;

/** Buffers into which envelopes are copied before they are decoded. A decoder that itself receives a message uses another buffer. */
const scratches: Scratch[] = [];

/** Messages in shared memory, in order, and those who wait for a message or for room. */
export class Mailbox {
  readonly ring: Ring;
  /** The waits for a message, and for room. */
  readonly receivers: WaitQueue;
  readonly senders: WaitQueue;
  readonly #family: Family;
  readonly #ends: Ends | undefined;

  /** Opens the mailbox at `place`. A mailbox without `ends` counts on being shut down. */
  constructor(family: Family, place: number, ends?: Ends) {
    this.#family = family;
    this.#ends = ends;
    const box = new Ring(family, place + field.ring * 4);
    this.ring = box;
    this.receivers = new WaitQueue(family, place + field.receivers * 4, {
      isReady: () => !box.isEmpty || box.isShutDown || ends?.hasNoSender() === true,
      ...(ends && { owners: () => ends.senders() }),
    });
    this.senders = new WaitQueue(family, place + field.senders * 4, {
      isReady: () => !box.isFull || box.isShutDown || ends?.hasNoReceiver() === true,
      ...(ends && { owners: () => ends.receivers() }),
    });
  }

  /** Initializes fresh, zeroed words for at most this many messages, and this many KiB; 0 is no limit. */
  static create(family: Family, place: number, bound: number, weightBound = 0): void {
    Ring.create(family, place + field.ring * 4, bound, weightBound);
  }

  /** Destroys a mailbox that no member holds any more. */
  static destroy(family: Family, place: number): void {
    new Ring(family, place + field.ring * 4).destroy();
    for (const list of [field.receivers, field.senders]) new WaitList(family, place + list * 4).destroy();
  }

  /** Wakes all members that wait at a mailbox, after a change that is final. */
  static wakeAll(family: Family, place: number): void {
    for (const list of [field.receivers, field.senders]) new WaitList(family, place + list * 4).notifyAll();
  }

  /** Packs a value, which errors call `root`. It is sent, or discarded. */
  pack(value: unknown, root: string): Letter {
    if (typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)) return value;
    return pack(this.#family, value, root);
  }

  /** Returns a letter that outlasts the packing of other values. */
  keep(letter: Letter): Letter {
    return typeof letter === 'number' ? letter : keepEnvelope(letter);
  }

  /** Frees a letter that is not sent. */
  discard(letter: Letter): void {
    if (typeof letter !== 'number') discardEnvelope(this.#family, letter);
  }

  /** Waits for room and puts the letter in; frees it if that fails. `expire` throws what the call rejects with at the time-out. */
  send(letter: Letter, tag: number, options: Waiting, expire: Expire<Waiting, never>): Promise<void> {
    try {
      if (options === undefined && !this.senders.hasLocal && this.tryPush(letter, tag)) return soon(DONE);
      return this.#sendLater(letter, tag, options, expire);
    } catch (error) {
      return this.#fail(letter, error);
    }
  }

  /** Blocks the thread until there is room, and puts the letter in; frees it if that fails. */
  sendSync(letter: Letter, tag: number, options: Blocking, expire: Expire<Blocking, never>): void {
    try {
      if (options === undefined && this.tryPush(letter, tag)) return;
      this.#sendBlocking(letter, tag, options, expire);
    } catch (error) {
      this.#fail(letter, error);
    }
  }

  /**
   * Waits until all records of the batch are in. They go in as far as there is room, so `left` of the batch says what an error has kept out.
   * For mailboxes without a bound of KiB.
   */
  sendBatch(batch: RecordBatch, options: Waiting, expire: Expire<Waiting, never>): Promise<void> {
    if (options === undefined && !this.senders.hasLocal && this.#pushBatch(batch)) return soon(DONE);
    return this.senders.wait(
      () => (this.#pushBatch(batch) ? undefined : NOT_YET),
      options,
      () => expire(options),
    );
  }

  /** Waits until `attempt` takes a message out. */
  receive<T>(attempt: Attempt<T>, options: Waiting, expire: Expire<Waiting, T>): Promise<T> {
    if (options === undefined && !this.receivers.hasLocal) {
      const message = attempt();
      if (message !== NOT_YET) return soon(Promise.resolve(message));
    }
    return this.#receiveLater(attempt, options, expire);
  }

  /** Blocks the thread until `attempt` takes a message out. */
  receiveSync<T>(attempt: Attempt<T>, options: Blocking, expire: Expire<Blocking, T>): T {
    if (options === undefined) {
      const message = attempt();
      if (message !== NOT_YET) return message;
    }
    return this.#receiveBlocking(attempt, options, expire);
  }

  /**
   * Takes the first message out, if there is one and `claim` accepts its tag. Throws `ShutDown` if no message is left and none will come.
   */
  tryPop<R>(open: Open<R>, claim?: ((tag: number) => boolean) | undefined): R | NotYet {
    const scratch = scratches.pop() ?? newScratch();
    try {
      const box = this.ring;
      const found = box.pop(scratch, claim);
      if (found === outcome.EMPTY) return NOT_YET;
      if (found === outcome.SHUT) throw new ShutDown();
      if (box.bound > 0 && this.senders.list.hasWaiting) this.senders.list.notify();
      return openPopped(this.#family, box, open);
    } finally {
      scratches.push(scratch);
    }
  }

  /** Takes the oldest messages out into `into`, as long as they are small integers. Returns their number; 0 says nothing of other messages. */
  popInts(into: Int32Array): number {
    const box = this.ring;
    const taken = box.popInts(into);
    if (box.bound > 0) for (let i = 0; i < taken && this.senders.list.hasWaiting; i++) this.senders.list.notify();
    return taken;
  }

  /** Ends all waits of this thread with an error. */
  close(error: unknown): void {
    this.receivers.close(error);
    this.senders.close(error);
  }

  /**
   * Puts the letter in; returns false if there is no room. Throws `ShutDown` if the mailbox accepts no more. Once it is in, a message stays
   * in, even if the rest of the call fails.
   */
  tryPush(letter: Letter, tag: number): boolean {
    this.#ends?.assertReceiver();
    const found = typeof letter === 'number' ? this.ring.pushInt(letter) : this.ring.push(letter, tag);
    if (found === outcome.SHUT) throw new ShutDown();
    if (found === outcome.FULL) return false;
    if (this.receivers.list.hasWaiting) this.receivers.list.notify();
    return true;
  }

  /** Puts in as many records as have room. Returns true if all are in. Throws as `tryPush` does. */
  #pushBatch(batch: RecordBatch): boolean {
    this.#ends?.assertReceiver();
    const { left } = batch;
    const found = this.ring.pushBatch(batch);
    if (found === outcome.SHUT) throw new ShutDown();
    // Each of those who wait may take one.
    for (let i = batch.left; i < left && this.receivers.list.hasWaiting; i++) this.receivers.list.notify();
    return found === outcome.DONE;
  }

  // The waits below make closures. They are methods of their own, so that a call that need not wait makes no context for them.

  #sendLater(letter: Letter, tag: number, options: Waiting, expire: Expire<Waiting, never>): Promise<void> {
    const sent = this.senders.wait(this.#pushing(letter, tag), options, () => expire(options));
    return sent.catch((error) => this.#fail(letter, error));
  }

  #sendBlocking(letter: Letter, tag: number, options: Blocking, expire: Expire<Blocking, never>): void {
    this.senders.waitSync(this.#pushing(letter, tag), options, () => expire(options));
  }

  #receiveLater<T>(attempt: Attempt<T>, options: Waiting, expire: Expire<Waiting, T>): Promise<T> {
    return this.receivers.wait(attempt, options, () => expire(options));
  }

  #receiveBlocking<T>(attempt: Attempt<T>, options: Blocking, expire: Expire<Blocking, T>): T {
    return this.receivers.waitSync(attempt, options, () => expire(options));
  }

  /** Returns the attempt to push a letter, which must outlast this call. */
  #pushing(letter: Letter, tag: number): Attempt<void> {
    const kept = this.keep(letter);
    return () => (this.tryPush(kept, tag) ? undefined : NOT_YET);
  }

  /** Frees a letter that was not put in. */
  #fail(letter: Letter, error: unknown): never {
    this.discard(letter);
    throw error;
  }
}

/** Lets `open` make something of the message that `box` has just popped, then frees the block of the message. */
export function openPopped<R>(family: Family, box: Ring, open: Open<R>): R {
  const { block, popped, start, tag } = box;
  if (block === 0) return open(popped, start, tag);
  try {
    return open(popped, start, tag);
  } finally {
    freeRead(family, block);
  }
}

/** Frees the block of a message. Never throws: the message has been read, and the reclaim of this member would find the block. */
function freeRead(family: Family, block: number): void {
  try {
    family.allocator.free(block);
  } catch {
    // The stack is almost full, for example.
  }
}
