import type { CriticalSection } from '../memory/critical-section.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { SLOTS } from '../memory/members.ts';
import { struct, word, words } from '../memory/struct.ts';

const FIRST_ENTRIES = 5;
/** The words of a table, from its start. The words of the table itself are written within its section. */
export const entryTable = struct({
  section: word,
  /** Words 1, 2 and 5 belong to the user of the table. */
  own: words(2),
  /** The number of entries that were ever in use. */
  used: word,
  /** Granule of the block with the entries that have no room here, 0 until such an entry is needed. Entries never move. */
  more: word,
  moreOwn: word,
  first: words(FIRST_ENTRIES * 2),
});
const field = entryTable.at;

/**
 * A table in shared memory with entries of two words and a section that guards them. It is an array, not a linked list: a change of an
 * entry is one store, and a member that is killed in the middle leaves nothing to repair.
 */
export class EntryTable {
  readonly section: CriticalSection;
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #capacity: number;

  /** `capacity` is the largest number of entries, the same for all users of the table. */
  constructor(family: Family, offset: number, capacity: number = SLOTS) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#capacity = capacity;
    this.section = family.section(offset);
  }

  /** The number of entries that were ever in use. */
  get used(): number {
    return Atomics.load(this.#words, this.#at + field.used);
  }

  /** Returns a word of the table's user: 0 or 1, or 4 (see `field.own`). */
  own(word: 0 | 1 | 4): number {
    return Atomics.load(this.#words, this.#at + field.own + word);
  }

  setOwn(word: 0 | 1 | 4, value: number): void {
    Atomics.store(this.#words, this.#at + field.own + word, value);
  }

  /** Sets a word of the table's user if it has the expected value; returns the value before. */
  swapOwn(word: 0 | 1 | 4, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, this.#at + field.own + word, expected, value);
  }

  first(entry: number): number {
    if (entry < FIRST_ENTRIES) return Atomics.load(this.#words, this.#at + field.first + entry * 2);
    const [words, index] = this.#place(entry);
    return Atomics.load(words, index);
  }

  setFirst(entry: number, word: number): void {
    const [words, index] = this.#place(entry);
    Atomics.store(words, index, word);
  }

  second(entry: number): number {
    if (entry < FIRST_ENTRIES) return Atomics.load(this.#words, this.#at + field.first + entry * 2 + 1);
    const [words, index] = this.#place(entry);
    return Atomics.load(words, index + 1);
  }

  setSecond(entry: number, word: number): void {
    const [words, index] = this.#place(entry);
    Atomics.store(words, index + 1, word);
  }

  /** Adds an entry whose words are 0, and returns it. */
  add(): number {
    const { used } = this;
    if (used === FIRST_ENTRIES) this.#makeRoom();
    this.setFirst(used, 0);
    this.setSecond(used, 0);
    Atomics.store(this.#words, this.#at + field.used, used + 1);
    return used;
  }

  /** True if no entry can be added. */
  get isFull(): boolean {
    return this.used === this.#capacity;
  }

  /** Frees the memory outside the object. */
  destroy(): void {
    const granule = this.#words[this.#at + field.more] as number;
    if (granule !== 0) this.#family.allocator.free(placeOf(granule));
  }

  #makeRoom(): void {
    if (this.#words[this.#at + field.more] !== 0) return;
    const block = this.#family.allocator.allocate((this.#capacity - FIRST_ENTRIES) * 8, 0);
    Atomics.store(this.#words, this.#at + field.more, granuleOf(block));
  }

  #place(entry: number): [words: Int32Array, index: number] {
    if (entry < FIRST_ENTRIES) return [this.#words, this.#at + field.first + entry * 2];
    const block = placeOf(this.#words[this.#at + field.more]!);
    return [this.#family.heap.words(block), wordIndex(block) + (entry - FIRST_ENTRIES) * 2];
  }
}
