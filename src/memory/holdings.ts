import type { Allocator } from './allocator.ts';
import type { Heap } from './heap.ts';
import { GRANULE, wordIndex } from './heap.ts';
import { field, type Members } from './members.ts';

/** A block of the list: the granule of the next block, then the granules of objects, 0 where free. Written only by its member. */
const BLOCK_BYTES = 4096 - GRANULE;
const ENTRIES = BLOCK_BYTES / 4 - 1;

/**
 * The shared objects that this member holds, one entry for each count, stored where others can read it after the member's death. An entry
 * is written after the object was counted and erased before the object is released. A death in between can leave an object that is never
 * freed, but never an object that is freed too early.
 */
export class Holdings {
  readonly #heap: Heap;
  readonly #allocator: Allocator;
  readonly #members: Members;
  readonly #me: number;
  /** Offsets of the free entries of the existing blocks. */
  readonly #free: number[] = [];

  constructor(heap: Heap, allocator: Allocator, members: Members, me: number) {
    this.#heap = heap;
    this.#allocator = allocator;
    this.#members = members;
    this.#me = me;
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
    this.reserve(1);
    const entry = this.#free.pop()!;
    Atomics.store(this.#heap.words(entry), wordIndex(entry), object / GRANULE);
    return entry;
  }

  /** Erases an entry: its count is about to be released, or belongs to another holder now. */
  remove(entry: number): void {
    Atomics.store(this.#heap.words(entry), wordIndex(entry), 0);
    this.#free.push(entry);
  }

  #grow(): void {
    const block = this.#allocator.allocate(BLOCK_BYTES, 0);
    const words = this.#heap.words(block);
    const at = wordIndex(block);
    words.fill(0, at, at + BLOCK_BYTES / 4);
    words[at] = this.#members.get(this.#me, field.holdings);
    for (let entry = ENTRIES; entry > 0; entry--) this.#free.push(block + entry * 4);
    this.#members.set(this.#me, field.holdings, block / GRANULE);
  }
}

/**
 * Takes the list of a dead member apart: calls `mourn` for each count in it, and `release` once the entry is erased. If the caller dies,
 * the next one does the rest, and may call `mourn` once more.
 */
export function settleHoldings(
  heap: Heap,
  allocator: Allocator,
  members: Members,
  dead: number,
  mourn: (object: number) => void,
  release: (object: number) => void,
): void {
  for (;;) {
    const granule = members.get(dead, field.holdings);
    if (granule === 0) return;
    const block = (granule >>> 0) * GRANULE;
    const words = heap.words(block);
    const at = wordIndex(block);
    for (let entry = 1; entry <= ENTRIES; entry++) {
      const object = Atomics.load(words, at + entry);
      if (object === 0) continue;
      mourn((object >>> 0) * GRANULE);
      Atomics.store(words, at + entry, 0);
      release((object >>> 0) * GRANULE);
    }
    members.set(dead, field.holdings, words[at] as number);
    allocator.free(block);
  }
}
