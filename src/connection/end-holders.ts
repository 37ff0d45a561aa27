import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { SLOTS } from '../memory/members.ts';
import { struct, word, words } from '../memory/struct.ts';

const FIRST_ENTRIES = 14;
/** The words of a list of holders, from its start. */
export const endHoldersStruct = struct({
  /** Counts up with every arrival, after the entry is written and before anything else is released; the arriving member writes it. */
  arrivals: word,
  /** Granule of the block with the entries that have no room here, 0 until such an entry is needed. */
  more: word,
  /** Members that hold this end, 0 where free. Each word is written by its member, and by a member that replaces a dead one. */
  first: words(FIRST_ENTRIES),
});
const field = endHoldersStruct.at;

/**
 * The members that hold one end of a pipe. They are recorded by member number, not counted: a killed member has left by its death alone,
 * at whatever instruction it dies. See README.md, "The ends of a pipe".
 */
export class EndHolders {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
  }

  /** Counts up with every arrival. */
  get arrivals(): number {
    return Atomics.load(this.#words, this.#at + field.arrivals);
  }

  /** Notes that this member holds the end; returns the entry, for `leave`. */
  arrive(): number {
    for (let entry = 0; ; entry++) {
      const [words, index] = this.#place(entry, true);
      const seen = Atomics.load(words, index);
      if (seen !== 0 && !this.#family.members.isKnownGone(seen)) continue;
      if (Atomics.compareExchange(words, index, seen, this.#family.me) !== seen) continue;
      // SYNC(holders): a member that finds the message with the end no longer in flight finds this changed, and checks again.
      Atomics.add(this.#words, this.#at + field.arrivals, 1);
      return entry;
    }
  }

  leave(entry: number): void {
    const [words, index] = this.#place(entry, false);
    Atomics.store(words, index, 0);
  }

  /** Returns a living member that holds the end, 0 if there is none. */
  holder(): number {
    const words = this.#words;
    const first = this.#at + field.first;
    for (let entry = 0; entry < FIRST_ENTRIES; entry++) {
      const member = Atomics.load(words, first + entry);
      if (member !== 0 && !this.#family.members.isKnownGone(member)) return member;
    }
    return words[this.#at + field.more] === 0 ? 0 : this.#holderBeyond();
  }

  #holderBeyond(): number {
    for (let entry = FIRST_ENTRIES; entry < SLOTS; entry++) {
      const [words, index] = this.#place(entry, false);
      const member = Atomics.load(words, index);
      if (member !== 0 && !this.#family.members.isKnownGone(member)) return member;
    }
    return 0;
  }

  /** Frees the memory outside the object. */
  destroy(): void {
    const granule = this.#words[this.#at + field.more] as number;
    if (granule !== 0) this.#family.allocator.free(placeOf(granule));
  }

  #place(entry: number, make: boolean): [words: Int32Array, index: number] {
    if (entry < FIRST_ENTRIES) return [this.#words, this.#at + field.first + entry];
    if (make) this.#makeRoom();
    const block = placeOf(Atomics.load(this.#words, this.#at + field.more));
    return [this.#family.heap.words(block), wordIndex(block) + entry - FIRST_ENTRIES];
  }

  #makeRoom(): void {
    if (Atomics.load(this.#words, this.#at + field.more) !== 0) return;
    const { allocator, heap } = this.#family;
    const block = allocator.allocate(SLOTS * 4, 0);
    const at = wordIndex(block);
    heap.words(block).fill(0, at, at + SLOTS);
    if (Atomics.compareExchange(this.#words, this.#at + field.more, 0, granuleOf(block)) !== 0) allocator.free(block);
  }
}
