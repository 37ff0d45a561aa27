import { objectField } from './counts.ts';
import type { Family } from './family.ts';
import { wordIndex } from './heap.ts';

/** What a member knows of a kind of shared objects. */
interface KindOfObject {
  /** Returns the class, of which an object is made for each place that arrives. Missing if objects of the kind are never sent. */
  readonly make?: () => new (existing: never) => object;
  /**
   * Gives back the memory of an object that no member holds any more. The member that releases it last runs this. Returns `'keep'` if the
   * block of the object is not to be freed.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing.
  readonly destroy: (family: Family, offset: number) => void | 'keep';
  /** Called after the death of a member that held the object, perhaps more than once. */
  readonly holderDied?: (family: Family, offset: number, dead: number) => void;
}

const definitions = new Map<number, KindOfObject>();

/** Defines a kind of shared objects: once for each number of `kinds`, in the file of the class. */
export function defineKind(number: number, kind: KindOfObject): void {
  if (definitions.has(number)) throw new Error(`Two kinds of shared objects have the number ${number}.`);
  definitions.set(number, kind);
}

let loadLate: (() => void) | undefined;

/** Sets a function that loads the files of more kinds. It is called when the first object of an unknown kind arrives, or is taken apart here. */
export function registerLateKinds(load: () => void): void {
  loadLate = load;
}

/** Returns the definition of a kind; `undefined` for a number that no file of this thread defines. */
export function kindNumbered(number: number): KindOfObject | undefined {
  if (!definitions.has(number) && loadLate !== undefined) {
    // If this throws, the next such object tries again.
    loadLate();
    loadLate = undefined;
  }
  return definitions.get(number);
}

/** Returns the definition of an object's kind; `undefined` if no file of this thread defines it. */
export function kindAt(family: Family, offset: number): KindOfObject | undefined {
  return kindNumbered(kindOf(family, offset));
}

/** Returns the number of an object's kind: see `kinds`. */
export function kindOf(family: Family, offset: number): number {
  return family.heap.words(offset)[wordIndex(offset) + objectField.kind] as number;
}

/** Adds one count of something in shared memory that holds the object. */
export function retainObject(family: Family, offset: number): void {
  family.counts.retain(offset);
}

/**
 * Removes one count of something in shared memory, and destroys the object after the last count. An object of a kind that this thread does not
 * know stays: other members may still name its place, and a freed place is given to another object.
 */
export function releaseObject(family: Family, offset: number): void {
  if (family.counts.release(offset) === 1) destroy(family, offset);
}

/** Removes the count of this member in that entry of its reference table, and destroys the object after the last count. */
export function letGoOf(family: Family, offset: number, entry: number): void {
  if (family.counts.letGo(offset, entry) === 1) destroy(family, offset);
}

function destroy(family: Family, offset: number): void {
  const kind = kindAt(family, offset);
  if (kind !== undefined && kind.destroy(family, offset) !== 'keep') family.allocator.free(offset);
}
