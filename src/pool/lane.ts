import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { Ring, ring } from '../ring/ring.ts';

/** The waiting tasks of one priority. */
export interface Lane {
  readonly priority: number;
  readonly ring: Ring;
  readonly offset: number;
}

/** Makes an empty lane. */
export function createLane(family: Family, priority: number): Lane {
  const offset = family.allocator.allocate(ring.words * 4, 0);
  family.heap.words(offset).fill(0, wordIndex(offset), wordIndex(offset) + ring.words);
  try {
    Ring.create(family, offset, 0);
  } catch (error) {
    family.allocator.free(offset);
    throw error;
  }
  return { priority, ring: new Ring(family, offset), offset };
}
