import { objectField } from './counts.ts';
import type { Family } from './family.ts';
import { wordIndex } from './heap.ts';

/** A shared object that this member holds, and the entry of its reference table for the count. */
export interface HeldObject {
  readonly object: number;
  readonly entry: number;
}

interface Needs {
  /** The number of its words, and of the words at its beginning that are set to 0, by default all. */
  readonly words: number;
  readonly zeroed?: number;
  /** See `Allocator.allocate`. */
  readonly isData?: boolean;
}

/** Makes a shared object, which this member holds once. */
export function createObject(family: Family, kind: number, needs: Needs): HeldObject {
  const { words, zeroed = words, isData = false } = needs;
  // First, since it may fail, and a count that stands nowhere is never given up.
  family.references.reserve(1);
  const object = family.allocator.allocate(words * 4, 0, isData);
  const own = family.heap.words(object);
  const at = wordIndex(object);
  own.fill(0, at, at + zeroed);
  own[at + objectField.kind] = kind;
  own[at + objectField.holders] = 1;
  return { object, entry: family.references.add(object) };
}
