import { Mailbox, mailbox } from '../channel/mailbox.ts';
import { objectField } from '../memory/counts.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { EndHolders, endHoldersStruct } from './end-holders.ts';

/** The words of a pipe; the lane and the holders of end 1 follow those of end 0. A lane is the mailbox into which one end sends. */
const { at: field, words: WORDS } = objectStruct({
  /** 1 if messages go both ways, 0 if only from end 1 to end 0; the maker writes it once. */
  duplex: word,
  /** Granules of the two objects that count the messages in flight; the maker writes them once. */
  inFlight: words(2),
  lanes: line(words(2 * mailbox.words)),
  holders: line(words(2 * endHoldersStruct.words)),
});

/** A shared object whose holders are the messages in flight that contain one end of a pipe. */
const inFlight = objectStruct({
  /** The granule of the pipe, 0 once the pipe is gone. Until then the block stays when its last holder goes. */
  pipe: word,
});
const IN_FLIGHT_BYTES = 64;

/** The limits of one lane, in messages and in KiB; above them senders wait. */
const MOST_MESSAGES = 1024;
const MOST_KIB = 2 ** 14;

/** The number of an end of a pipe. */
export type Side = 0 | 1;

/** The state that both ends of a pipe share. */
export class Pipe extends SharedObject {
  readonly #family: Family;
  readonly #offset: number;
  readonly #holders: readonly [EndHolders, EndHolders];
  /** The number of ends that this thread holds. */
  #open = 0;

  constructor(make: boolean | Existing) {
    super(kinds.PIPE, make instanceof Existing ? make : WORDS);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#offset = offset;
    if (!(make instanceof Existing)) {
      try {
        create(family, offset, make);
      } catch (error) {
        this.close();
        throw error;
      }
    }
    this.#holders = [holdersOf(family, offset, 0), holdersOf(family, offset, 1)];
  }

  get family(): Family {
    return this.#family;
  }

  /** Its place in the heap. */
  get offset(): number {
    return this.#offset;
  }

  get isDuplex(): boolean {
    return this.#word(field.duplex) === 1;
  }

  /** Returns the place in the heap of the lane that `side` sends into. */
  lane(side: Side): number {
    return laneOf(this.#offset, side);
  }

  holdersOf(side: Side): EndHolders {
    return this.#holders[side];
  }

  /** Returns the object that a message holds while it contains that end. */
  inFlight(side: Side): number {
    return placeOf(this.#word(field.inFlight + side));
  }

  /** True if no member holds the end any more, and no message contains it. */
  isGone(side: Side): boolean {
    const holders = this.#holders[side];
    if (holders.holder() !== 0) return false;
    for (;;) {
      // SYNC(holders): a member that left by sending the end counted the message before; a member that received the end is counted in
      // the arrivals before the message is uncounted.
      const arrivals = holders.arrivals;
      if (holders.holder() !== 0) return false;
      const at = this.inFlight(side);
      if (Atomics.load(this.#family.heap.words(at), wordIndex(at) + objectField.holders) !== 0) return false;
      if (holders.arrivals === arrivals) return true;
    }
  }

  /** This member holds the end from now on; returns the entry for `leave`. */
  open(side: Side): number {
    const entry = this.#holders[side].arrive();
    this.#open++;
    return entry;
  }

  /** This member does not hold the end any more: waiters at the other end check whether any member does. */
  leave(side: Side, entry: number): void {
    this.#holders[side].leave(entry);
    wakeAll(this.#family, this.#offset);
    if (--this.#open === 0) this.close();
  }

  #word(word: number): number {
    return this.#family.heap.words(this.#offset)[wordIndex(this.#offset) + word] as number;
  }
}

function laneOf(pipe: number, side: Side): number {
  return pipe + (field.lanes + side * mailbox.words) * 4;
}

function holdersOf(family: Family, pipe: number, side: Side): EndHolders {
  return new EndHolders(family, pipe + (field.holders + side * endHoldersStruct.words) * 4);
}

function create(family: Family, offset: number, duplex: boolean): void {
  const words = family.heap.words(offset);
  const at = wordIndex(offset);
  words[at + field.duplex] = duplex ? 1 : 0;
  for (const side of [0, 1] as const) {
    Mailbox.create(family, laneOf(offset, side), MOST_MESSAGES, MOST_KIB);
    const block = family.allocator.allocate(IN_FLIGHT_BYTES, 0);
    const own = family.heap.words(block);
    const index = wordIndex(block);
    own.fill(0, index, index + IN_FLIGHT_BYTES / 4);
    own[index] = kinds.IN_FLIGHT;
    own[index + inFlight.at.pipe] = granuleOf(offset);
    words[at + field.inFlight + side] = granuleOf(block);
  }
}

function wakeAll(family: Family, pipe: number): void {
  for (const side of [0, 1] as const) Mailbox.wakeAll(family, laneOf(pipe, side));
  family.parker.schedule();
}

defineKind(kinds.PIPE, {
  make: () => Pipe,
  destroy: (family, offset) => {
    const words = family.heap.words(offset);
    for (const side of [0, 1] as const) {
      Mailbox.destroy(family, laneOf(offset, side));
      holdersOf(family, offset, side).destroy();
      const block = placeOf(words[wordIndex(offset) + field.inFlight + side]!);
      // 0 where there was no memory for it, or its maker was killed before it came to that.
      if (block === 0) continue;
      const own = family.heap.words(block);
      Atomics.store(own, wordIndex(block) + inFlight.at.pipe, 0);
      // Of a dead member's message the pipe may be released before this: then the last holder frees it.
      if (Atomics.load(own, wordIndex(block) + objectField.holders) === 0) family.allocator.free(block);
    }
  },
});

defineKind(kinds.IN_FLIGHT, {
  destroy: (family, offset) => {
    // The last message that had the end is gone: where nobody took it out, the other end is alone now.
    const pipe = placeOf(Atomics.load(family.heap.words(offset), wordIndex(offset) + inFlight.at.pipe));
    if (pipe === 0) return undefined;
    wakeAll(family, pipe);
    return 'keep';
  },
});
