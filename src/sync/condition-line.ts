import type { Family } from '../memory/family.ts';
import { ENTRY_TABLE_WORDS, EntryTable } from './entry-table.ts';

/** How many words the line takes in its object. */
export const CONDITION_LINE_WORDS = ENTRY_TABLE_WORDS;
/** How many waits there may be at once. */
const MOST_WAITS = 2 ** 16;

/** The words of the table that are the line's; written within its section. */
const own = {
  /** The last ticket given out. */
  ticket: 0,
  /** A notification on its way from one entry to another: the dead member's in the lower half, the next in the upper. 0: none. */
  passing: 1,
} as const;

/** An entry is two words: the member with its state, written last (0: free), and its ticket. */
const WAITING = 1 << 28;
const NOTIFIED = 2 << 28;
const STATE = WAITING | NOTIFIED;
const NONE = -1;

/**
 * The waits for a condition, in the order in which they came: unlike a wait list it has an entry for each wait, and a notification
 * belongs to one of them. Entries of dead members are passed over; a notification that a dead member has not used goes on to the next.
 */
export class ConditionLine {
  readonly #family: Family;
  readonly #table: EntryTable;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#table = new EntryTable(family, offset, MOST_WAITS);
  }

  /** Adds a wait of this member at the end; answers its entry. */
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
      this.#table.section.leave();
      this.wake(woken);
    }
  }

  isNotified(entry: number): boolean {
    // SYNC(notify): sees what was written before the notification.
    return (this.#table.first(entry) & STATE) === NOTIFIED;
  }

  /** Ends a wait of this member; true if it had been notified. Within the section, so that nobody marks what is just being erased. */
  withdraw(entry: number): boolean {
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#finish(woken);
      const notified = this.isNotified(entry);
      this.#table.setFirst(entry, 0);
      return notified;
    } finally {
      this.#table.section.leave();
      this.wake(woken);
    }
  }

  /** Marks the `count` that have waited longest, as many as there are; `wake` is to be called with the answer. */
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

  /** Marks all; `wake` is to be called with the answer. */
  notifyAll(): readonly number[] {
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#finish(woken);
      const { used } = this.#table;
      for (let entry = 0; entry < used; entry++) {
        if ((this.#table.first(entry) & STATE) === WAITING) this.#mark(entry, woken);
      }
    } finally {
      this.#table.section.leave();
    }
    return woken;
  }

  /** Gives the notifications that dead members have not used to those who have waited longest. */
  passOn(): void {
    if (!this.#notified().some((member) => this.#family.members.isKnownGone(member))) return;
    const woken: number[] = [];
    this.#table.section.enterToCommit();
    try {
      this.#inherit(woken);
    } finally {
      this.#table.section.leave();
    }
    this.wake(woken);
  }

  destroy(): void {
    this.#table.destroy();
  }

  /** Frees the entries of dead members; their notifications go to others. */
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

  /** Takes a notification from one entry to another, as it stands in `passing`: whoever is first in the section after a death goes on with it. */
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
      this.#family.bury(member);
      died = true;
    }
    if (died) this.passOn();
  }

  /** Looks whether those that were marked and have not come yet live, and wakes them in case somebody else has released the lock. */
  review(): void {
    const notified = this.#notified();
    for (const member of notified) if (this.#family.members.isGone(member)) this.#family.bury(member);
    this.wake(notified);
    this.passOn();
  }

  /** The entry that has waited longest, of a living member. */
  #longest(): number {
    const { used } = this.#table;
    let longest = NONE;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#table.first(entry);
      if ((word & STATE) !== WAITING || this.#family.members.isKnownGone(word & ~STATE)) continue;
      // Tickets wrap; those in one line are never 2**31 apart.
      const isEarlier = longest === NONE || ((this.#table.second(entry) - this.#table.second(longest)) | 0) < 0;
      if (isEarlier) longest = entry;
    }
    return longest;
  }

  /** The members whose notifications are not used yet. */
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
