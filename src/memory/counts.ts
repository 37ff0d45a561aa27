import type { CriticalSection } from './critical-section.ts';
import { GRANULE, type Heap, wordIndex } from './heap.ts';
import type { Holdings } from './holdings.ts';
import type { Intents } from './intents.ts';
import { layout } from './layout.ts';

/** The words of every shared object, from its offset. */
export const objectField = {
  /** Which class it is; written once. */
  kind: 0,
  /** How many members hold it, and how many messages refer to it; written within the section that its place says. */
  holders: 1,
} as const;

/** How many sections there are for counts: two objects rarely share one at the same time. */
const SECTIONS = 16;

/**
 * Who holds which shared object: the count in the object, and the entries in the holdings of members. Both change within a section, so that
 * a member that takes it over from a dead one sees which of the two has changed, and does the rest.
 */
export class Counts {
  readonly #heap: Heap;
  readonly #holdings: Holdings;
  readonly #intents: Intents;
  readonly #sectionAt: (offset: number) => CriticalSection;
  readonly #sections: CriticalSection[] = [];

  constructor(heap: Heap, holdings: Holdings, intents: Intents, sectionAt: (offset: number) => CriticalSection) {
    this.#heap = heap;
    this.#holdings = holdings;
    this.#intents = intents;
    this.#sectionAt = sectionAt;
  }

  /** Counts one more, that of a thing in shared memory. */
  retain(object: number): void {
    this.#change(object, 1);
  }

  /** Counts one more if there is any: the object may be on its way back to who made it. */
  retainIfHeld(object: number): boolean {
    const section = this.#section(placeOf(object));
    section.enter();
    try {
      if (this.#heap.words(object)[wordIndex(object) + objectField.holders] === 0) return false;
      this.#add(object, 1);
      return true;
    } finally {
      section.leave();
    }
  }

  /** Counts one less, that of a thing in shared memory; answers how many there were. */
  release(object: number): number {
    return this.#change(object, -1);
  }

  /** Counts this member once more; answers the entry of its holdings that says so. */
  hold(object: number): number {
    this.#holdings.reserve(1);
    const place = placeOf(object);
    const section = this.#section(place);
    section.enter();
    try {
      this.#intents.take(place, object + objectField.holders * 4);
      const entry = this.#holdings.addMarked(object);
      this.#add(object, 1);
      this.#holdings.unmark(entry);
      this.#intents.end();
      return entry;
    } finally {
      section.leave();
    }
  }

  /** Counts this member once less, and erases that entry; answers how many there were. */
  letGo(object: number, entry: number): number {
    const place = placeOf(object);
    const section = this.#section(place);
    section.enter();
    try {
      this.#intents.give(place, object + objectField.holders * 4);
      this.#holdings.mark(entry);
      const before = this.#add(object, -1);
      this.#holdings.remove(entry);
      this.#intents.end();
      return before;
    } finally {
      section.leave();
    }
  }

  #change(object: number, by: number): number {
    const section = this.#section(placeOf(object));
    section.enter();
    try {
      return this.#add(object, by);
    } finally {
      section.leave();
    }
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

/** Where the section of an object's count stands. */
function placeOf(object: number): number {
  // Objects stand behind one granule of a block, which has two at least.
  return layout.countSections + (Math.floor(object / (2 * GRANULE)) % SECTIONS) * GRANULE;
}
