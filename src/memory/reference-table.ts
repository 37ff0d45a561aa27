import type { Allocator } from './allocator.ts';
import type { Heap } from './heap.ts';
import { GRANULE, wordIndex } from './heap.ts';
import type { Intents } from './intents.ts';
import { field, type Members } from './members.ts';

/** A block of the list: the granule of the next block, then the granules of objects, 0 where free. Written only by its member. */
const BLOCK_BYTES = 4096 - GRANULE;
const ENTRIES = BLOCK_BYTES / 4 - 1;
/**
 * An object stands in a block, behind one granule, and a block has an even number of them: the lowest bit of its granule is always set.
 * An entry without that bit is marked: see intents.ts.
 */
const UNMARKED = 1;

interface ReferenceTableParts {
  readonly heap: Heap;
  readonly allocator: Allocator;
  readonly members: Members;
  readonly intents: Intents;
  /** This member's number. */
  readonly me: number;
}

/**
 * Which shared objects this member counts as a holder of, one entry for each count: written where others can read it when the
 * member has died. Entry and count change together, see counts.ts.
 */
export class ReferenceTable {
  readonly #heap: Heap;
  readonly #allocator: Allocator;
  readonly #members: Members;
  readonly #me: number;
  /** Offsets of the free entries of the existing blocks. */
  readonly #free: number[] = [];

  constructor({ heap, allocator, members, intents, me }: ReferenceTableParts) {
    this.#heap = heap;
    this.#allocator = allocator;
    this.#members = members;
    this.#me = me;
    intents.onSettle((member, isIts) => settleMarks(heap, members, member, isIts));
  }

  /** The number of free entries: as many `add`s need no memory, and so cannot fail. */
  get room(): number {
    return this.#free.length;
  }

  /** Makes room for this many more entries. */
  reserve(count: number): void {
    while (this.room < count) this.#grow();
  }

  /** Notes one count of the object; returns the entry. */
  add(object: number): number {
    return this.#put(object / GRANULE);
  }

  /** Notes one count of the object in a marked entry, within an intent; returns the entry. */
  addMarked(object: number): number {
    return this.#put(object / GRANULE - UNMARKED);
  }

  /** Marks an entry, within an intent. */
  mark(entry: number): void {
    Atomics.and(this.#heap.words(entry), wordIndex(entry), ~UNMARKED);
  }

  /** Takes the mark off. */
  unmark(entry: number): void {
    Atomics.or(this.#heap.words(entry), wordIndex(entry), UNMARKED);
  }

  /** Erases an entry: its count is about to be released, or belongs to another holder now. */
  remove(entry: number): void {
    Atomics.store(this.#heap.words(entry), wordIndex(entry), 0);
    this.#free.push(entry);
  }

  #put(value: number): number {
    this.reserve(1);
    const entry = this.#free.pop()!;
    Atomics.store(this.#heap.words(entry), wordIndex(entry), value);
    return entry;
  }

  #grow(): void {
    const block = this.#allocator.allocate(BLOCK_BYTES, 0);
    const words = this.#heap.words(block);
    const at = wordIndex(block);
    words.fill(0, at, at + BLOCK_BYTES / 4);
    words[at] = this.#members.get(this.#me, field.references);
    for (let entry = ENTRIES; entry > 0; entry--) this.#free.push(block + entry * 4);
    this.#members.set(this.#me, field.references, block / GRANULE);
  }
}

/** Takes the marks off the entries of a member that is gone, or was cut short, and erases what was marked unless it is the member's own. */
function settleMarks(heap: Heap, members: Members, member: number, isIts: boolean): void {
  for (let granule = members.get(member, field.references); granule !== 0; ) {
    const block = (granule >>> 0) * GRANULE;
    const words = heap.words(block);
    const at = wordIndex(block);
    for (let entry = 1; entry <= ENTRIES; entry++) {
      const value = Atomics.load(words, at + entry);
      if (value === 0 || value & UNMARKED) continue;
      Atomics.store(words, at + entry, isIts ? value | UNMARKED : 0);
    }
    granule = words[at] as number;
  }
}

/**
 * Takes the list of a dead member apart: calls `holderDied` for each count in it, and `release` once the entry is erased. If the caller dies,
 * the next one does the rest, and may call `holderDied` once more.
 */
export function releaseReferencesOf(
  { heap, allocator, members }: { readonly heap: Heap; readonly allocator: Allocator; readonly members: Members },
  dead: number,
  holderDied: (object: number) => void,
  release: (object: number) => void,
): void {
  for (;;) {
    const granule = members.get(dead, field.references);
    if (granule === 0) return;
    const block = (granule >>> 0) * GRANULE;
    const words = heap.words(block);
    const at = wordIndex(block);
    for (let entry = 1; entry <= ENTRIES; entry++) {
      const value = Atomics.load(words, at + entry);
      if (value === 0) continue;
      const object = ((value | UNMARKED) >>> 0) * GRANULE;
      holderDied(object);
      Atomics.store(words, at + entry, 0);
      release(object);
    }
    members.set(dead, field.references, words[at] as number);
    allocator.free(block);
  }
}
