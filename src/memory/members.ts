import { ProcessError } from '../contracts/errors.ts';
import type { Unseen } from '../platform/processes.ts';
import type { Heap } from './heap.ts';
import { wordIndex } from './heap.ts';
import { layout, MEMBER_SLOTS, MEMBER_WORDS } from './layout.ts';
import { struct, word } from './struct.ts';

/**
 * The table of members: one record for each thread of the family. A member is named by one word, its slot and the generation of that
 * slot, so a member number is never valid again once its member is gone.
 */

/** The largest number of living members. */
export const SLOTS = MEMBER_SLOTS;
const SLOT_BITS = 12;
/** Generations of a slot before member numbers repeat. */
const GENERATIONS = 0xffff;
/** The word with the number of slots that have ever been in use; written within the family's section. */
const HIGH_WATER = wordIndex(layout.highWater);
/** The word with the slot that is tried first for the next member; written within the family's section. */
const NEXT_SLOT = wordIndex(layout.nextSlot);
/** The place of the table in the heap, the index of its first word, and the bytes of a record (two cache lines). */
const TABLE = layout.members;
const FIRST_WORD = wordIndex(TABLE);
const RECORD_BYTES = MEMBER_WORDS * 4;
const memberRecord = struct({
  /** `state` below. Written by the parent until LIVE, then by the member that reclaims this one. */
  state: word,
  /** The generation of this slot; written by the member that allocates it. */
  generation: word,
  /** Process and thread id, and the thread's start time: written by the member itself when it joins (pid also by its parent). */
  pid: word,
  tid: word,
  startTime: word,
  /** `parked` in parker.ts: whether the member must be woken, and how. Written by the member itself and by its wakers. */
  parked: word,
  /** Descriptor number in its process and inode of its doorbell's read end; written by itself when it joins. Only with pipes. */
  doorbell: word,
  doorbellInode: word,
  /**
   * Descriptor number and inode of the write end of its lifeline, which only this member holds: readers see the end when it dies. Written
   * by itself when it joins. Only with pipes.
   */
  lifeline: word,
  lifelineInode: word,
  /** The member that started it, 0 for the root; written by the parent. */
  parent: word,
  /** First block (in granules) of the list of shared objects that it holds; written by itself. */
  references: word,
  /** Shared object (in granules) with what a started process has to run, 0 while it is a spare; written within the family's section, by the parent and by itself. */
  assignment: word,
  /** The member that gives back what this dead member held; written within the family's section. */
  reclaimer: word,
  /** 1 once it ends by itself and with exit code 0; written by itself. */
  orderly: word,
  /** 1 for a worker thread in its parent's process; written by the parent before `state`. */
  thread: word,
  /** 1 once it is being ended from outside, together with its own threads or the programs that its process has started; written by its parent. */
  condemned: word,
  /** 1 while a member that could not ring its bell has left that to others; written by members that cannot ring it and by those that do. */
  errand: word,
  /** 1 while it wants to be woken by the end of others; written by itself. Only with words. */
  watches: word,
  /** What it is about to commit, see intents.ts: which, and where the word is that the commit changes; written by the member itself, and by the member that settles it. */
  intent: word,
  /** The granule of the section that this happens in, 0 for none; of the word; and what the word was before. Written by itself. */
  intentSection: word,
  intentPlace: word,
  intentBefore: word,
});
export const field = memberRecord.at;

export const state = { FREE: 0, STARTING: 1, LIVE: 2, DEAD: 3 } as const;

/** One family's member table, as one thread sees it. */
export class Members {
  readonly #words: Int32Array;
  #look: (member: number) => 'there' | Unseen = () => 'unknown';

  constructor(heap: Heap) {
    this.#words = heap.words(TABLE);
  }

  /** Sets the check whether a member that has joined is there. */
  lookBy(look: (member: number) => 'there' | Unseen): void {
    this.#look = look;
  }

  /**
   * Takes a free slot for a member that is about to start; returns its number. Slots are taken in turn, so that a number is used again as
   * late as possible. Call it within the family's section.
   */
  allocate(parent: number, isThread: boolean): number {
    const words = this.#words;
    const first = words[NEXT_SLOT] as number;
    for (let tried = 0; tried < SLOTS; tried++) {
      const slot = (first + tried) % SLOTS;
      const record = recordIndex(slot);
      if (Atomics.load(words, record + field.state) !== state.FREE) continue;
      const generation = ((words[record + field.generation] as number) % GENERATIONS) + 1;
      // By one store and before the rest: a member that is killed here leaves a number that was not in use yet.
      words[record + field.generation] = generation;
      words.fill(0, record + field.pid, record + MEMBER_WORDS);
      words[record + field.parent] = parent;
      words[record + field.thread] = isThread ? 1 : 0;
      if (slot >= (words[HIGH_WATER] as number)) words[HIGH_WATER] = slot + 1;
      words[NEXT_SLOT] = (slot + 1) % SLOTS;
      Atomics.store(words, record + field.state, state.STARTING);
      return (generation << SLOT_BITS) | slot;
    }
    throw new ProcessError(`The family has ${SLOTS} members already: no more can start until one of them ends.`);
  }

  get(member: number, which: number): number {
    return Atomics.load(this.#words, this.index(member, which));
  }

  set(member: number, which: number, value: number): void {
    Atomics.store(this.#words, this.index(member, which), value);
  }

  exchange(member: number, which: number, value: number): number {
    return Atomics.exchange(this.#words, this.index(member, which), value);
  }

  compareExchange(member: number, which: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, this.index(member, which), expected, value);
  }

  /** The table's words, for hot paths that keep their index. */
  get words(): Int32Array {
    return this.#words;
  }

  index(member: number, which: number): number {
    return recordIndex(member & (SLOTS - 1)) + which;
  }

  /** The index of the first record, and the distance to the next. */
  static readonly records = { first: FIRST_WORD, step: MEMBER_WORDS } as const;

  /** Returns the place of a field in the heap, for a member that sleeps at it. */
  place(member: number, which: number): number {
    return TABLE + (member & (SLOTS - 1)) * RECORD_BYTES + which * 4;
  }

  /** True if the record still belongs to this member, or again. */
  isOf(member: number): boolean {
    return this.get(member, field.generation) === member >>> SLOT_BITS;
  }

  /** Returns the member that has this one's slot now. */
  successorOf(member: number): number {
    return (this.get(member, field.generation) << SLOT_BITS) | (member & (SLOTS - 1));
  }

  /** True if the slot has a later generation, or is marked dead. Costs no system call, and lags behind the truth. */
  isKnownGone(member: number): boolean {
    if (!this.isOf(member)) return true;
    const now = this.get(member, field.state);
    return now === state.DEAD || now === state.FREE;
  }

  /**
   * True if the member is certainly gone; asks the kernel (about 20 µs). A member that is still starting counts as there, and so does a
   * member for which the check fails.
   */
  isGone(member: number): boolean {
    return this.look(member) === 'gone';
  }

  /** Returns all three answers of the check. Unknown: the check has failed, for example without a free descriptor. */
  look(member: number): 'there' | Unseen {
    if (this.isKnownGone(member)) return 'gone';
    if (this.get(member, field.state) !== state.LIVE) return 'there';
    return this.#look(member);
  }

  /** True if a thread, or the thread that it would end with, is being ended. */
  isCondemned(member: number): boolean {
    for (let each = member; this.get(each, field.thread) === 1; each = this.get(each, field.parent)) {
      if (this.get(each, field.condemned) === 1) return true;
    }
    return false;
  }

  /** Iterates over all members that are starting, live, or dead but not yet reclaimed. */
  *all(): Generator<number> {
    const slots = this.#words[HIGH_WATER] as number;
    for (let slot = 0; slot < slots; slot++) {
      const record = recordIndex(slot);
      if (Atomics.load(this.#words, record + field.state) === state.FREE) continue;
      yield ((this.#words[record + field.generation] as number) << SLOT_BITS) | slot;
    }
  }
}

function recordIndex(slot: number): number {
  return FIRST_WORD + slot * MEMBER_WORDS;
}
