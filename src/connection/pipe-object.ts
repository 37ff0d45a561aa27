import { Mailbox, mailbox } from '../channel/mailbox.ts';
import { defineKind, type Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { Attendance, attendanceStruct } from './attendance.ts';

/** The words of a pipe; lane and attendance of end 1 follow those of end 0. A lane is the mailbox into which one end sends. */
const { at: field, words: WORDS } = objectStruct({
  /** 1 if messages go both ways, 0 if only from end 1 to end 0; the maker writes it once. */
  duplex: word,
  /** Granules of the two `voyages`; the maker writes them once. */
  voyages: words(2),
  lanes: line(words(2 * mailbox.words)),
  attendances: line(words(2 * attendanceStruct.words)),
});

/**
 * The number of messages that refer to one end, as a shared object whose holders are only messages. `pipe` is the granule of its pipe, 0
 * once the pipe is gone: until then the block stays when its last holder goes.
 */
const voyages = { pipe: 2, holders: 1, bytes: 64 } as const;

/** The limits of one lane, in messages and in KiB; above them senders wait. */
const MOST_MESSAGES = 1024;
const MOST_KIB = 2 ** 14;

/** The number of an end of a pipe. */
export type Side = 0 | 1;

/** The state that both ends of a pipe share. */
export class Pipe extends SharedObject {
  readonly #family: Family;
  readonly #offset: number;
  readonly #attendances: readonly [Attendance, Attendance];
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
    this.#attendances = [attendance(family, offset, 0), attendance(family, offset, 1)];
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

  /** The place in the heap of the lane that `side` sends into. */
  lane(side: Side): number {
    return laneOf(this.#offset, side);
  }

  attendance(side: Side): Attendance {
    return this.#attendances[side];
  }

  /** The object that a message holds while it contains that end. */
  voyages(side: Side): number {
    return placeOf(this.#word(field.voyages + side));
  }

  /** True if no member holds the end any more, and no message contains it. */
  isGone(side: Side): boolean {
    const attendance = this.#attendances[side];
    if (attendance.holder() !== 0) return false;
    for (;;) {
      // SYNC(attendance): a member that left by sending the end counted the message before; a member that received the end is counted in
      // the arrivals before the message is uncounted.
      const arrivals = attendance.arrivals;
      if (attendance.holder() !== 0) return false;
      const at = this.voyages(side);
      if (Atomics.load(this.#family.heap.words(at), wordIndex(at) + voyages.holders) !== 0) return false;
      if (attendance.arrivals === arrivals) return true;
    }
  }

  /** This member holds the end from now on; returns the entry for `leave`. */
  open(side: Side): number {
    const entry = this.#attendances[side].arrive();
    this.#open++;
    return entry;
  }

  /** This member does not hold the end any more: waiters at the other end check whether any member does. */
  leave(side: Side, entry: number): void {
    this.#attendances[side].leave(entry);
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

function attendance(family: Family, pipe: number, side: Side): Attendance {
  return new Attendance(family, pipe + (field.attendances + side * attendanceStruct.words) * 4);
}

function create(family: Family, offset: number, duplex: boolean): void {
  const words = family.heap.words(offset);
  const at = wordIndex(offset);
  words[at + field.duplex] = duplex ? 1 : 0;
  for (const side of [0, 1] as const) {
    Mailbox.create(family, laneOf(offset, side), MOST_MESSAGES, MOST_KIB);
    const block = family.allocator.allocate(voyages.bytes, 0);
    const own = family.heap.words(block);
    const index = wordIndex(block);
    own.fill(0, index, index + voyages.bytes / 4);
    own[index] = kinds.VOYAGES;
    own[index + voyages.pipe] = granuleOf(offset);
    words[at + field.voyages + side] = granuleOf(block);
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
      attendance(family, offset, side).destroy();
      const block = placeOf(words[wordIndex(offset) + field.voyages + side]!);
      // 0 where there was no memory for it, or its maker was killed before it came to that.
      if (block === 0) continue;
      const own = family.heap.words(block);
      Atomics.store(own, wordIndex(block) + voyages.pipe, 0);
      // Of a dead member's message the pipe may be released before this: then the last holder frees it.
      if (Atomics.load(own, wordIndex(block) + voyages.holders) === 0) family.allocator.free(block);
    }
  },
});

defineKind(kinds.VOYAGES, {
  destroy: (family, offset) => {
    // The last message that had the end is gone: where nobody took it out, the other end is alone now.
    const pipe = placeOf(Atomics.load(family.heap.words(offset), wordIndex(offset) + voyages.pipe));
    if (pipe === 0) return undefined;
    wakeAll(family, pipe);
    return 'keep';
  },
});
