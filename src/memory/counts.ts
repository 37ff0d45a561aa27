import type { CriticalSection } from './critical-section.ts';
import { GRANULE, type Heap, wordIndex } from './heap.ts';
import type { Intents } from './intents.ts';
import { COUNT_SECTIONS, layout } from './layout.ts';
import type { ReferenceTable } from './reference-table.ts';
import { objectHeader } from './struct.ts';

/** The words of every shared object, from its offset. */
export const objectField = objectHeader.at;

/**
 * Who holds which shared object: the count in the object, and the entries in the reference tables of members. Both change within a section, so that
 * a member that takes it over from a dead one sees which of the two has changed, and does the rest.
 */
export class Counts {
  readonly #heap: Heap;
  readonly #references: ReferenceTable;
  readonly #intents: Intents;
  readonly #sectionAt: (offset: number) => CriticalSection;
  readonly #sections: CriticalSection[] = [];

  constructor(
    heap: Heap,
    references: ReferenceTable,
    intents: Intents,
    sectionAt: (offset: number) => CriticalSection,
  ) {
    this.#heap = heap;
    this.#references = references;
    this.#intents = intents;
    this.#sectionAt = sectionAt;
  }

  /** Adds one count of something in shared memory, such as a message. */
  retain(object: number): void {
    this.#change(object, 1);
  }

  /** Adds one count unless there is none: the object may be on its way back to its maker. Returns whether it did. */
  retainIfHeld(object: number): boolean {
    return this.#section(placeOf(object)).run(() => {
      if (this.#heap.words(object)[wordIndex(object) + objectField.holders] === 0) return false;
      this.#add(object, 1);
      return true;
    });
  }

  /** Removes one count of something in shared memory. Returns the number of counts before. */
  release(object: number): number {
    return this.#change(object, -1);
  }

  /** Adds one count of this member. Returns the entry of its reference table for that count. */
  hold(object: number): number {
    this.#references.reserve(1);
    const place = placeOf(object);
    return this.#section(place).run(() => {
      this.#intents.take(place, object + objectField.holders * 4);
      const entry = this.#references.addMarked(object);
      this.#add(object, 1);
      this.#references.unmark(entry);
      this.#intents.end();
      return entry;
    });
  }

  /** Removes one count of this member, and its entry of the reference table. Returns the number of counts before. */
  letGo(object: number, entry: number): number {
    const place = placeOf(object);
    return this.#section(place).run(() => {
      this.#intents.give(place, object + objectField.holders * 4);
      this.#references.mark(entry);
      const before = this.#add(object, -1);
      this.#references.remove(entry);
      this.#intents.end();
      return before;
    });
  }

  #change(object: number, by: number): number {
    return this.#section(placeOf(object)).run(() => this.#add(object, by));
  }

  #add(object: number, by: number): number {
    return Atomics.add(this.#heap.words(object), wordIndex(object) + objectField.holders, by);
  }

  #section(place: number): CriticalSection {
    const index = (place - layout.countSections) / GRANULE;
    this.#sections[index] ??= this.#sectionAt(place);
    return this.#sections[index];
  }
}

/** Returns where the section of an object's count stands. */
function placeOf(object: number): number {
  // Objects stand behind one granule of a block, which has two at least.
  return layout.countSections + (Math.floor(object / (2 * GRANULE)) % COUNT_SECTIONS) * GRANULE;
}
