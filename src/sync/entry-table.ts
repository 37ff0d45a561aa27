import type { CriticalSection } from '../memory/critical-section.ts';
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { SLOTS } from '../memory/members.ts';

/** The words of a table, from its start; those of the table itself are written within its section. */
const field = {
  section: 0,
  /** 1 and 2, and 5, belong to whoever uses the table. */
  own: 1,
  /** How many entries were ever in use. */
  used: 3,
  /** Granule of the block with the entries that have no room here, 0 until somebody needs it. Entries never move. */
  more: 4,
  first: 6,
} as const;
const FIRST_ENTRIES = 5;
/** How many words a table takes in its object. */
export const ENTRY_TABLE_WORDS = field.first + FIRST_ENTRIES * 2;

/**
 * A table in shared memory with entries of two words and a section that guards them. An array, not a linked list, so that a
 * change of an entry is one store, and a member killed in the middle leaves nothing to repair.
 */
export class EntryTable {
  readonly section: CriticalSection;
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #capacity: number;

  /** `capacity` is the most entries there may be, the same for all who use the table. */
  constructor(family: Family, offset: number, capacity: number = SLOTS) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#capacity = capacity;
    this.section = family.section(offset);
  }

  /** How many entries were ever in use. */
  get used(): number {
    return Atomics.load(this.#words, this.#at + field.used);
  }

  /** A word of the table's user: 0 or 1, or 4 (see `field.own`). */
  own(word: 0 | 1 | 4): number {
    return Atomics.load(this.#words, this.#at + field.own + word);
  }

  setOwn(word: 0 | 1 | 4, value: number): void {
    Atomics.store(this.#words, this.#at + field.own + word, value);
  }

  /** Sets such a word if it is as expected, and answers what it was. */
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

  /** Adds an entry whose words are 0, and answers it. */
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

  /** Gives the memory outside of the object back. */
  destroy(): void {
    const granule = this.#words[this.#at + field.more] as number;
    if (granule !== 0) this.#family.allocator.free((granule >>> 0) * GRANULE);
  }

  #makeRoom(): void {
    if (this.#words[this.#at + field.more] !== 0) return;
    const block = this.#family.allocator.allocate((this.#capacity - FIRST_ENTRIES) * 8, 0);
    Atomics.store(this.#words, this.#at + field.more, block / GRANULE);
  }

  #place(entry: number): [words: Int32Array, index: number] {
    if (entry < FIRST_ENTRIES) return [this.#words, this.#at + field.first + entry * 2];
    const block = (this.#words[this.#at + field.more]! >>> 0) * GRANULE;
    return [this.#family.heap.words(block), wordIndex(block) + (entry - FIRST_ENTRIES) * 2];
  }
}
