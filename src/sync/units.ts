import type { Family } from '../memory/family.ts';
import { ENTRY_TABLE_WORDS, EntryTable } from './entry-table.ts';

/** How many words the units take in their object. */
export const UNITS_WORDS = ENTRY_TABLE_WORDS;
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
  readonly #table: EntryTable;
  /** This member's entry; somebody else's once it is empty and another needs it. */
  #mine = NONE;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#table = new EntryTable(family, offset);
  }

  /** Prepares fresh, zeroed words. */
  start(units: number): void {
    this.#table.setOwn(own.total, units);
    this.#table.setOwn(own.initial, units);
  }

  /** How many are free: exact at one moment if nobody changes it meanwhile. */
  get free(): number {
    const { members } = this.#family;
    const { used } = this.#table;
    let free = this.#table.own(own.total);
    let lost = 0;
    for (let entry = 0; entry < used; entry++) {
      const units = this.#table.second(entry) & COUNT;
      free -= units;
      if (units > 0 && members.isKnownGone(this.#table.first(entry))) lost += units;
    }
    return lost === 0 ? free : free + this.#comingBack(free, lost);
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
    if (this.#forMe() <= 0) return false;
    this.#table.section.enter();
    const cameBack = this.#reap();
    const taken = this.#forMe() > 0;
    if (taken) {
      const entry = this.#entry();
      const flag = cameBack ? ABANDONED : this.#table.second(entry) & ABANDONED;
      // SYNC(units): the unit is taken.
      this.#table.setSecond(entry, ((this.#table.second(entry) & COUNT) + 1) | flag);
      this.#table.swapOwn(own.reserved, this.#family.me, 0);
    }
    this.#table.section.leave();
    return taken;
  }

  /**
   * Gives back a unit of this member's; if it has none, that of another who has, and if nobody has any there is one more from
   * now on, unless `isBounded` or too many. False if nothing was given.
   */
  give(isBounded: boolean): boolean {
    this.#table.section.enter();
    this.#reap();
    let entry = this.#find();
    if (entry === NONE) entry = this.#anyHolder();
    let given = true;
    if (entry !== NONE) {
      const units = this.#table.second(entry);
      // SYNC(units): the unit is free.
      this.#table.setSecond(entry, (units & COUNT) === 1 ? 0 : units - 1);
    } else {
      const total = this.#table.own(own.total);
      given = !isBounded && total < MOST_UNITS;
      if (given) this.#table.setOwn(own.total, total + 1);
    }
    this.#table.section.leave();
    return given;
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

  /** How many are free for this member. */
  #forMe(): number {
    const { reserved } = this;
    const { me, members } = this.#family;
    const isKept = reserved !== 0 && reserved !== me && !members.isKnownGone(reserved);
    return isKept ? this.free - 1 : this.free;
  }

  /** Of `lost` units of dead members, how many are free again: never more than there were in the beginning. */
  #comingBack(free: number, lost: number): number {
    return Math.min(lost, Math.max(0, this.#table.own(own.initial) - free));
  }

  /** Takes the units of dead members from them; true if some are free again. Cut short, the next one does the rest. */
  #reap(): boolean {
    const { members } = this.#family;
    const { used } = this.#table;
    let cameBack = false;
    for (let entry = 0; entry < used; entry++) {
      const lost = this.#table.second(entry) & COUNT;
      if (lost === 0 || !members.isKnownGone(this.#table.first(entry))) continue;
      const back = this.#comingBack(this.#unheld(), lost);
      if (back < lost) this.#table.setOwn(own.total, this.#table.own(own.total) - (lost - back));
      this.#table.setSecond(entry, 0);
      cameBack ||= back > 0;
    }
    return cameBack;
  }

  /** How many are in nobody's hands, dead or alive. */
  #unheld(): number {
    const { used } = this.#table;
    let free = this.#table.own(own.total);
    for (let entry = 0; entry < used; entry++) free -= this.#table.second(entry) & COUNT;
    return free;
  }

  /** This member's entry, if it has units. */
  #find(): number {
    const { used } = this.#table;
    if (this.#mine !== NONE && this.#isMine(this.#mine)) return this.#mine;
    for (let entry = 0; entry < used; entry++) if (this.#isMine(entry)) return entry;
    return NONE;
  }

  #isMine(entry: number): boolean {
    return this.#table.second(entry) !== 0 && this.#table.first(entry) === this.#family.me;
  }

  #anyHolder(): number {
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) if (this.#table.second(entry) !== 0) return entry;
    return NONE;
  }

  /** This member's entry, or one that it has now. */
  #entry(): number {
    this.#mine = this.#find();
    if (this.#mine !== NONE) return this.#mine;
    const { used } = this.#table;
    let entry = 0;
    while (entry < used && this.#table.second(entry) !== 0) entry++;
    if (entry === used) {
      this.#table.setSecond(this.#table.add(), 0);
    }
    this.#table.setFirst(entry, this.#family.me);
    this.#mine = entry;
    return entry;
  }
}
