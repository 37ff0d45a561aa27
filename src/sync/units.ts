import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { ENTRY_TABLE_WORDS, EntryTable } from './entry-table.ts';

/** The words of the units, from their start; but for the table all are written within its section. */
const field = {
  /** Goes on by 1 before each change, and wraps: a sum over the entries is of one moment if it stayed the same meanwhile. */
  version: 0,
  /** While what a dead member had is being settled: its entry and 1, else 0. */
  settling: 1,
  /** The total from then on; written before `settling`. */
  settled: 2,
  table: 4,
} as const;
/** How many words the units take in their object. */
export const UNITS_WORDS = field.table + ENTRY_TABLE_WORDS;
/** The most units there may be, as in CPython. */
export const MOST_UNITS = 2 ** 30 - 1;

/** The words of the table that are the units'. */
const own = {
  /** How many units there are, in hands and free; written within the section. */
  total: 0,
  /** How many there were in the beginning; written once. */
  initial: 1,
  /** The member for which the next free unit is kept, 0 for nobody; each change is one atomic operation. */
  reserved: 4,
} as const;

/** Beside a member's units: it took one over from a dead member. */
const ABANDONED = 1 << 30;
const COUNT = ABANDONED - 1;
const NONE = -1;

/**
 * The units of a semaphore: an entry for each member that has some, with their number. How many are free follows from that, so
 * that to take or to give one is one store. What a dead member had is free again. See README.md, "Units".
 */
export class Units {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #table: EntryTable;
  /** What `#survey` has found, good within the same stay in the section: how many units are in nobody's hands, */
  #unheld = 0;
  /** this member's entry, that of another who has units, and one that is free, each `NONE` if there is none. */
  #mine = NONE;
  #other = NONE;
  #vacant = NONE;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#table = new EntryTable(family, offset + field.table * 4);
  }

  /** Prepares fresh, zeroed words. */
  start(units: number): void {
    this.#table.setOwn(own.total, units);
    this.#table.setOwn(own.initial, units);
  }

  /** How many are free: exact at one moment during the call. */
  get free(): number {
    for (;;) {
      // SYNC(units): sees all changes up to that version, and one more at most.
      const version = this.#get(field.version);
      const free = this.#count();
      if (this.#get(field.version) === version) return free;
    }
  }

  /** True if a member that holds units has one that a dead member had. */
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
    if (this.free <= this.#kept) return false;
    this.#table.section.enterToCommit();
    try {
      const cameBack = this.#survey();
      if (this.#unheld <= this.#kept) return false;
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
   * Gives back a unit of this member's; if it has none, that of another who has, and if nobody has any there is one more from
   * now on, unless `isBounded` or too many. False if nothing was given.
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
      // All of them are free.
      if (isBounded || this.#unheld >= MOST_UNITS) return false;
      this.#nextVersion();
      this.#table.setOwn(own.total, this.#unheld + 1);
      return true;
    } finally {
      this.#table.section.leave();
    }
  }

  /** The members that have units which come back when they die. */
  holders(): number[] {
    const holders: number[] = [];
    const { used } = this.#table;
    if (this.#table.own(own.initial) === 0) return holders;
    for (let entry = 0; entry < used; entry++) {
      if (this.#table.second(entry) !== 0) holders.push(this.#table.first(entry));
    }
    return holders;
  }

  /** The member for which the next free unit is kept, 0 for nobody. */
  get reserved(): number {
    return this.#table.own(own.reserved);
  }

  /** The same, but for this member and for dead ones. */
  get keptFor(): number {
    const { reserved } = this;
    if (reserved === 0 || reserved === this.#family.me || this.#family.members.isKnownGone(reserved)) return 0;
    return reserved;
  }

  /** Keeps the next free unit for this member, if it is not kept for a living one already. */
  reserve(): void {
    const { reserved } = this;
    if (reserved === 0 || this.#family.members.isKnownGone(reserved)) {
      this.#table.swapOwn(own.reserved, reserved, this.#family.me);
    }
  }

  /** Keeps nothing for this member any longer; true if it had been so. */
  unreserve(member: number): boolean {
    return member !== 0 && this.#table.swapOwn(own.reserved, member, 0) === member;
  }

  destroy(): void {
    this.#table.destroy();
  }

  /** How many of the free ones are kept for another. */
  get #kept(): 0 | 1 {
    return this.keptFor === 0 ? 0 : 1;
  }

  /** Of `lost` units of dead members, how many are free again: never more than there were in the beginning. */
  #comingBack(free: number, lost: number): number {
    return Math.min(lost, Math.max(0, this.#table.own(own.initial) - free));
  }

  /** How many are free, as it looks while nobody changes it. */
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

  /** Looks at all entries, after it has taken from dead members what they had; true if some of that is free again. */
  #survey(): boolean {
    this.#settle();
    let cameBack = false;
    for (;;) {
      const dead = this.#look();
      if (dead === NONE) return cameBack;
      cameBack = this.#reap(dead) || cameBack;
    }
  }

  /** Looks at all entries once; answers that of a dead member, if there is one. */
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

  /** Takes the units of a dead member from it; true if some are free again. */
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
   * Does what `settling` says, from the start, however much of it was done when a death cut it short: the total and the entry
   * count as they will be from that word on, so nobody sees one without the other.
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

  /** An entry without units that is this member's from now on. */
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
