import type { Family } from '../memory/family.ts';
import { reclaim } from '../memory/reclaim.ts';
import { line } from '../memory/struct.ts';
import { EntryTable, entryTable } from './entry-table.ts';

/** A line of waits as a part of its object. */
export const conditionLine = line(entryTable);
/** The largest number of waits at once. */
const MOST_WAITS = 2 ** 16;

/** The words of the table that belong to the line; written within its section. */
const own = {
  /** The last ticket given out. */
  ticket: 0,
  /** A notification that is moving between two entries: the dead member's entry in the lower half, the next entry in the upper half. 0: none. */
  passing: 1,
} as const;

/** An entry has two words: the member with its state, written last (0: free), and its ticket. */
const WAITING = 1 << 28;
const NOTIFIED = 2 << 28;
const STATE = WAITING | NOTIFIED;
const NONE = -1;

/**
 * The waits for a condition, in order of arrival. Unlike a wait list, it has one entry per wait, and a notification belongs to one entry.
 * Entries of dead members are skipped; an unused notification of a dead member goes to the next entry.
 */
export class ConditionLine {
  readonly #family: Family;
  readonly #table: EntryTable;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#table = new EntryTable(family, offset, MOST_WAITS);
  }

  /** Adds a wait of this member at the end; returns its entry. */
  enrol(): number {
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#inherit(woken);
      let entry = 0;
      while (entry < this.#table.used && this.#table.first(entry) !== 0) entry++;
      if (entry === this.#table.used) {
        if (this.#table.isFull) throw new Error(`No more than ${MOST_WAITS} waits for one Condition at once.`);
        this.#table.add();
      }
      const ticket = (this.#table.own(own.ticket) + 1) | 0;
      this.#table.setOwn(own.ticket, ticket);
      this.#table.setSecond(entry, ticket);
      this.#table.setFirst(entry, this.#family.me | WAITING);
      return entry;
    } finally {
      this.#leave(woken);
    }
  }

  isNotified(entry: number): boolean {
    // SYNC(notify): sees what was written before the notification.
    return (this.#table.first(entry) & STATE) === NOTIFIED;
  }

  /**
   * Ends a wait of this member; returns whether it had been notified. Works within the section, so that no member marks an entry while it
   * is erased.
   */
  withdraw(entry: number): boolean {
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#finish(woken);
      const notified = this.isNotified(entry);
      this.#table.setFirst(entry, 0);
      return notified;
    } finally {
      this.#leave(woken);
    }
  }

  /** Marks the `count` entries that have waited longest, or all if there are fewer. The caller must pass the result to `wake`. */
  notify(count: number): readonly number[] {
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#inherit(woken);
      for (let left = count; left > 0; left--) {
        const entry = this.#longest();
        if (entry === NONE) break;
        this.#mark(entry, woken);
      }
    } finally {
      this.#table.section.leave();
    }
    return woken;
  }

  /** Marks all entries. The caller must pass the result to `wake`. */
  notifyAll(): readonly number[] {
    const woken: number[] = [];
    this.#table.section.commit(() => {
      this.#finish(woken);
      const { used } = this.#table;
      for (let entry = 0; entry < used; entry++) {
        if ((this.#table.first(entry) & STATE) === WAITING) this.#mark(entry, woken);
      }
    });
    return woken;
  }

  /** Moves unused notifications of dead members to the entries that have waited longest. */
  passOn(): void {
    if (!this.#notified().some((member) => this.#family.members.isKnownGone(member))) return;
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#inherit(woken);
    } finally {
      this.#leave(woken);
    }
  }

  destroy(): void {
    this.#table.destroy();
  }

  /** Leaves the section, and wakes the members that were marked in it. */
  #leave(woken: readonly number[]): void {
    this.#table.section.leave();
    this.wake(woken);
  }

  /** Frees the entries of dead members and moves their notifications. */
  #inherit(woken: number[]): void {
    this.#finish(woken);
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#table.first(entry);
      if (word === 0 || !this.#family.members.isKnownGone(word & ~STATE)) continue;
      const next = (word & STATE) === NOTIFIED ? this.#longest() : NONE;
      if (next === NONE) {
        this.#table.setFirst(entry, 0);
      } else {
        this.#table.setOwn(own.passing, (next << 16) | entry);
        this.#finish(woken);
      }
    }
  }

  /** Moves the notification that `passing` names. After a death, the next member in the section finishes the move. */
  #finish(woken: number[]): void {
    const passing = this.#table.own(own.passing);
    if (passing === 0) return;
    const [from, to] = [passing & 0xffff, passing >>> 16];
    if ((this.#table.first(to) & STATE) === WAITING) this.#mark(to, woken);
    this.#table.setFirst(from, 0);
    this.#table.setOwn(own.passing, 0);
  }

  #mark(entry: number, woken: number[]): void {
    const member = this.#table.first(entry) & ~STATE;
    // SYNC(notify): the waiter sees what was written before.
    this.#table.setFirst(entry, member | NOTIFIED);
    woken.push(member);
  }

  /** Wakes members that were marked. */
  wake(woken: readonly number[]): void {
    let died = false;
    for (const member of woken) {
      if (this.#family.parker.wake(member) || !this.#family.members.isGone(member)) continue;
      reclaim(this.#family, member);
      died = true;
    }
    if (died) this.passOn();
  }

  /** Checks whether marked members that have not come yet are alive, and wakes them in case another member has released the lock. */
  review(): void {
    const notified = this.#notified();
    for (const member of notified) if (this.#family.members.isGone(member)) reclaim(this.#family, member);
    this.wake(notified);
    this.passOn();
  }

  /** Returns the entry of a living member that has waited longest. */
  #longest(): number {
    const { used } = this.#table;
    let longest = NONE;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#table.first(entry);
      if ((word & STATE) !== WAITING || this.#family.members.isKnownGone(word & ~STATE)) continue;
      // Tickets wrap; tickets in one line are never 2**31 apart.
      const isEarlier = longest === NONE || ((this.#table.second(entry) - this.#table.second(longest)) | 0) < 0;
      if (isEarlier) longest = entry;
    }
    return longest;
  }

  /** Returns the members with unused notifications. */
  #notified(): number[] {
    const members: number[] = [];
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#table.first(entry);
      if ((word & STATE) === NOTIFIED) members.push(word & ~STATE);
    }
    return members;
  }
}
