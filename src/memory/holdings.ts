import type { Allocator } from './allocator.ts';
import type { Heap } from './heap.ts';
import { GRANULE, wordIndex } from './heap.ts';
import { field, type Members } from './members.ts';

/** A block of the list: the granule of the next block, then the granules of objects, 0 where free. Written by its member only. */
const BLOCK_BYTES = 4096 - GRANULE;
const ENTRIES = BLOCK_BYTES / 4 - 1;

/** Which shared objects this member holds, written where others can read it when the member has died. */
export class Holdings {
  readonly #heap: Heap;
  readonly #allocator: Allocator;
  readonly #members: Members;
  readonly #me: number;
  /** Offsets of the free entries of the blocks so far. */
  readonly #free: number[] = [];
  readonly #entryOf = new Map<number, number>();

  constructor(heap: Heap, allocator: Allocator, members: Members, me: number) {
    this.#heap = heap;
    this.#allocator = allocator;
    this.#members = members;
    this.#me = me;
  }

  add(object: number): void {
    if (this.#free.length === 0) this.#grow();
    const entry = this.#free.pop()!;
    this.#entryOf.set(object, entry);
    Atomics.store(this.#heap.words(entry), wordIndex(entry), object / GRANULE);
  }

  remove(object: number): void {
    const entry = this.#entryOf.get(object);
    if (entry === undefined) return;
    this.#entryOf.delete(object);
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

/** Takes the list of a dead member apart: answers the objects that it held and frees the list. */
export function takeHoldings(heap: Heap, allocator: Allocator, members: Members, dead: number): number[] {
  const objects: number[] = [];
  let granule = members.exchange(dead, field.holdings, 0);
  while (granule !== 0) {
    const block = (granule >>> 0) * GRANULE;
    const words = heap.words(block);
    const at = wordIndex(block);
    for (let entry = 1; entry <= ENTRIES; entry++) {
      const object = words[at + entry] as number;
      if (object !== 0) objects.push((object >>> 0) * GRANULE);
    }
    granule = words[at] as number;
    allocator.free(block);
  }
  return objects;
}
