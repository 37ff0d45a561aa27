import { announce } from '../channel/announce.ts';
import { giveBack } from '../channel/transport.ts';
import type { Family } from '../memory/family.ts';
import { discardParcel, type Parcel } from '../ring/parcel.ts';
import { type Outcome, outcome, Ring, SCRATCH_BYTES } from '../ring/ring.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { lane, type Pipe, type Side } from './pipe-object.ts';

/** Buffers into which parcels are copied before they are decoded. A decoder that itself receives a message uses another buffer. */
const scratches: Uint8Array[] = [];

/** The messages from one end of a pipe to the other, as a member that holds one of the ends sees them. Never waits by itself. */
export class Lane {
  readonly #family: Family;
  readonly #ring: Ring;
  /** The waits for a message, and for room. */
  readonly receivers: WaitQueue;
  readonly senders: WaitQueue;

  /** The lane of the messages that end `from` of the pipe sends. */
  constructor(pipe: Pipe, from: Side) {
    const to: Side = from === 0 ? 1 : 0;
    const at = pipe.lane(from);
    const ring = new Ring(pipe.family, at + lane.ring * 4);
    this.#family = pipe.family;
    this.#ring = ring;
    // A waiter watches one holder of the other end: a killed holder may have been the last one.
    this.receivers = new WaitQueue(pipe.family, at + lane.receivers * 4, {
      isReady: () => !ring.isEmpty || pipe.isGone(from),
      owners: () => [pipe.attendance(from).holder()],
    });
    this.senders = new WaitQueue(pipe.family, at + lane.senders * 4, {
      isReady: () => !ring.isFull || pipe.isGone(to),
      owners: () => [pipe.attendance(to).holder()],
    });
  }

  get isEmpty(): boolean {
    return this.#ring.isEmpty;
  }

  /** Puts a message in if there is room; then the parcel belongs to the lane. */
  push(message: number | Parcel, tag: number): boolean {
    const found: Outcome = typeof message === 'number' ? this.#ring.pushInt(message) : this.#ring.push(message, tag);
    if (found !== outcome.DONE) return false;
    if (this.receivers.hasWaiting) announce(this.receivers);
    return true;
  }

  /**
   * Takes the first message out, if there is one and `claim` accepts its tag. `open` makes the result at once, because the bytes are used
   * again. Returns `undefined` if nothing was taken.
   */
  pop<R>(
    claim: ((tag: number) => boolean) | undefined,
    open: (message: number | Parcel, start: number, tag: number) => R,
  ): { value: R } | undefined {
    const scratch = scratches.pop() ?? new Uint8Array(SCRATCH_BYTES);
    const ring = this.#ring;
    try {
      if (ring.pop(scratch, claim) !== outcome.DONE) return undefined;
      if (this.senders.hasWaiting) announce(this.senders);
      const { block, popped, start, tag } = ring;
      try {
        return { value: open(popped, start, tag) };
      } finally {
        giveBack(this.#family, block);
      }
    } finally {
      scratches.push(scratch);
    }
  }

  /** Frees a message that was not put in. */
  discard(message: number | Parcel): void {
    if (typeof message !== 'number') discardParcel(this.#family, message);
  }

  /** Ends all waits of this thread. */
  close(error: unknown): void {
    this.receivers.close(error);
    this.senders.close(error);
  }
}
