import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { from, struct, word } from '../memory/struct.ts';
import { EntryTable, entryTable } from './entry-table.ts';

/** The words of the units, from their start. All words but the table are written within its section. */
export const units = struct({
  /** Counts up before each change, and wraps. If it is unchanged after a sum over the entries, the sum is exact for one moment. */
  version: word,
  /** While the units of a dead member are being settled: its entry plus 1, otherwise 0. */
  settling: word,
  /** The total after the settlement; written before `settling`. */
  settled: word,
  table: from(4, entryTable),
});
const field = units.at;
/** The largest number of units, as in CPython. */
export const MOST_UNITS = 2 ** 30 - 1;

/** The words of the table that belong to the units. */
const own = {
  /** The number of units, taken and free; written within the section. */
  total: 0,
  /** The initial number of units; the maker writes it once. */
  initial: 1,
  /** The member for which the next free unit is kept, 0 for none. Members write it by one atomic operation each. */
  reserved: 4,
} as const;

/** A mark beside a member's units: it took one of them over from a dead member. */
const ABANDONED = 1 << 30;
const COUNT = ABANDONED - 1;
const NONE = -1;

/**
 * The units of a semaphore: one entry for each member that has units, with their number. The number of free units follows from the
 * entries, so that taking or giving a unit is one store. Units of a dead member are free again. See README.md, "Units".
 */
export class Units {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #table: EntryTable;
  /** Results of `#survey`, valid within the same stay in the section. The number of units that no member has: */
  #unheld = 0;
  /** this member's entry, the entry of another member that has units, and a free entry; each is `NONE` if there is none. */
  #mine = NONE;
  #other = NONE;
  #vacant = NONE;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#table = new EntryTable(family, offset + field.table * 4);
  }

  /** Initializes fresh, zeroed words. */
  start(units: number): void {
    this.#table.setOwn(own.total, units);
    this.#table.setOwn(own.initial, units);
  }

  /** The number of free units: exact at one moment during the call. */
  get free(): number {
    for (;;) {
      // SYNC(units): sees all changes up to that version, and one more at most.
      const version = this.#get(field.version);
      const free = this.#count();
      if (this.#get(field.version) === version) return free;
    }
  }

  /** True if a member holds a unit that it took over from a dead member. */
  get isAbandoned(): boolean {
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) {
      if (this.#table.second(entry) & ABANDONED && !this.#family.members.isKnownGone(this.#table.first(entry)))
        return true;
    }
    return false;
  }

  /** Takes a unit for this member, if one is free that is not kept for another. */
  take(): boolean {
    if (this.free <= this.#kept()) return false;
    this.#table.section.enterToCommit();
    try {
      const cameBack = this.#survey();
      if (this.#unheld <= this.#kept()) return false;
      const entry = this.#mine === NONE ? this.#makeMine() : this.#mine;
      const units = this.#table.second(entry);
      this.#nextVersion();
      this.#table.setSecond(entry, ((units & COUNT) + 1) | (cameBack ? ABANDONED : units & ABANDONED));
      if (this.reserved === this.#family.me) this.unreserve(this.#family.me);
      return true;
    } finally {
      this.#table.section.leave();
    }
  }

  /**
   * Gives back a unit of this member. If this member has none, gives back a unit of another member. If no member has units, adds one
   * unit, unless `isBounded` or the limit is reached. Returns false if nothing was given.
   */
  give(isBounded: boolean): boolean {
    this.#table.section.enterToCommit();
    try {
      this.#survey();
      const entry = this.#mine === NONE ? this.#other : this.#mine;
      if (entry !== NONE) {
        const units = this.#table.second(entry);
        this.#nextVersion();
        this.#table.setSecond(entry, (units & COUNT) === 1 ? 0 : units - 1);
        return true;
      }
      // All units are free.
      if (isBounded || this.#unheld >= MOST_UNITS) return false;
      this.#nextVersion();
      this.#table.setOwn(own.total, this.#unheld + 1);
      return true;
    } finally {
      this.#table.section.leave();
    }
  }

  /** Returns the members whose units come back when they die. */
  holders(): number[] {
    const holders: number[] = [];
    const { used } = this.#table;
    if (this.#table.own(own.initial) === 0) return holders;
    for (let entry = 0; entry < used; entry++) {
      if (this.#table.second(entry) !== 0) holders.push(this.#table.first(entry));
    }
    return holders;
  }

  /** The member for which the next free unit is kept, 0 for none. */
  get reserved(): number {
    return this.#table.own(own.reserved);
  }

  /** The member for which the next free unit is kept; 0 if that is this member or a dead one. */
  get keptFor(): number {
    const { reserved } = this;
    if (reserved === 0 || reserved === this.#family.me || this.#family.members.isKnownGone(reserved)) return 0;
    return reserved;
  }

  /** Keeps the next free unit for this member, unless it is kept for a living one already. */
  reserve(): void {
    const { reserved } = this;
    if (reserved === 0 || this.#family.members.isKnownGone(reserved)) {
      this.#table.swapOwn(own.reserved, reserved, this.#family.me);
    }
  }

  /** Stops keeping a unit for this member; returns whether one was kept. */
  unreserve(member: number): boolean {
    return member !== 0 && this.#table.swapOwn(own.reserved, member, 0) === member;
  }

  destroy(): void {
    this.#table.destroy();
  }

  /** Returns the number of free units that are kept for another member. */
  #kept(): 0 | 1 {
    return this.keptFor === 0 ? 0 : 1;
  }

  /** Returns how many of `lost` units of dead members become free again: never more than the initial number in all. */
  #comingBack(free: number, lost: number): number {
    return Math.min(lost, Math.max(0, this.#table.own(own.initial) - free));
  }

  /** Counts the free units; exact if no member changes them meanwhile. */
  #count(): number {
    const { members } = this.#family;
    const { used } = this.#table;
    const settling = this.#get(field.settling) - 1;
    let free = settling === NONE ? this.#table.own(own.total) : this.#get(field.settled);
    let lost = 0;
    for (let entry = 0; entry < used; entry++) {
      if (entry === settling) continue;
      const units = this.#table.second(entry) & COUNT;
      free -= units;
      if (units > 0 && members.isKnownGone(this.#table.first(entry))) lost += units;
    }
    return lost === 0 ? free : free + this.#comingBack(free, lost);
  }

  /** Frees the units of dead members, then surveys all entries. Returns true if units have become free. */
  #survey(): boolean {
    this.#settle();
    let cameBack = false;
    for (;;) {
      const dead = this.#look();
      if (dead === NONE) return cameBack;
      cameBack = this.#reap(dead) || cameBack;
    }
  }

  /** Looks at all entries once; returns the entry of a dead member, if there is one. */
  #look(): number {
    const { me, members } = this.#family;
    const { used } = this.#table;
    let unheld = this.#table.own(own.total);
    let dead = NONE;
    this.#mine = this.#other = this.#vacant = NONE;
    for (let entry = 0; entry < used; entry++) {
      const units = this.#table.second(entry) & COUNT;
      if (units === 0) {
        if (this.#vacant === NONE) this.#vacant = entry;
        continue;
      }
      unheld -= units;
      const member = this.#table.first(entry);
      if (member === me) this.#mine = entry;
      else if (members.isKnownGone(member)) dead = entry;
      else if (this.#other === NONE) this.#other = entry;
    }
    this.#unheld = unheld;
    return dead;
  }

  /** Takes its units from a dead member; returns true if some are free again. */
  #reap(entry: number): boolean {
    const lost = this.#table.second(entry) & COUNT;
    const back = this.#comingBack(this.#unheld, lost);
    this.#nextVersion();
    this.#set(field.settled, this.#table.own(own.total) - (lost - back));
    this.#set(field.settling, entry + 1);
    this.#settle();
    return back > 0;
  }

  /**
   * Does what `settling` says, from the start, even if a death interrupted an earlier try. From the store of `settling` on, readers count
   * the total and the entry with their new values, so no member sees only one of the two changes.
   */
  #settle(): void {
    const entry = this.#get(field.settling) - 1;
    if (entry === NONE) return;
    this.#nextVersion();
    this.#table.setOwn(own.total, this.#get(field.settled));
    this.#table.setSecond(entry, 0);
    this.#nextVersion();
    this.#set(field.settling, 0);
  }

  /** Makes an entry without units this member's own. */
  #makeMine(): number {
    const entry = this.#vacant === NONE ? this.#table.add() : this.#vacant;
    this.#table.setFirst(entry, this.#family.me);
    return entry;
  }

  /** SYNC(units): a change follows, by one store. */
  #nextVersion(): void {
    this.#set(field.version, (this.#get(field.version) + 1) | 0);
  }

  #get(word: number): number {
    return Atomics.load(this.#words, this.#at + word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, this.#at + word, value);
  }
}
