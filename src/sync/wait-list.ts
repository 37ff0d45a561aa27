import type { Family } from '../memory/family.ts';
import { line } from '../memory/struct.ts';
import type { Awaited } from './awaited.ts';
import { EntryTable, entryTable } from './entry-table.ts';
import { Reminder } from './reminder.ts';

/** The words of the table that belong to the list; written within its section. */
const own = {
  /** The number of WAITING entries. A notifier reads it first, outside the section. */
  waiting: 0,
  /** The last ticket given out. A lower ticket came earlier. */
  ticket: 1,
} as const;
/** A wait list as a part of its object. */
export const waitList = line(entryTable);

/** An entry has two words: the member with its state, written last (0: free), and its ticket. */
const WAITING = 1 << 28;
const NOTIFIED = 2 << 28;
const STATE = WAITING | NOTIFIED;
const NONE = -1;

/** The members that wait for something, in order of arrival: at most one entry per member. See README.md. */
export class WaitList {
  readonly #family: Family;
  readonly #table: EntryTable;
  readonly #isLastFirst: boolean;
  readonly #reminder: Reminder | undefined;
  /** This member's entry. Other members free it only if they take this member for dead. */
  #mine = NONE;

  /** Without `awaited`, the list is only for `notifyAll`, which may then throw, and for `destroy`. */
  constructor(family: Family, offset: number, awaited?: Awaited) {
    this.#family = family;
    this.#isLastFirst = awaited?.isLastFirst ?? false;
    this.#reminder = awaited && new Reminder(family, this, awaited);
    this.#table = new EntryTable(family, offset);
  }

  /** True if a member waits that was not notified yet. */
  get hasWaiting(): boolean {
    // SYNC(wait): either this sees the waiter, or the waiter's check of its condition sees what was done before this.
    return this.#table.own(own.waiting) !== 0;
  }

  /** True if this member is in the list and was notified since it enrolled. */
  get isNotified(): boolean {
    return this.#mine !== NONE && (this.#table.first(this.#mine) & STATE) === NOTIFIED;
  }

  /** Puts this member into the list, or back to WAITING if it was notified. The caller must check its condition once more after this. */
  enrol(): void {
    this.#table.section.enter();
    try {
      if (this.#mine === NONE) this.#stand(this.#vacancy());
      else this.#table.setFirst(this.#mine, this.#family.me | WAITING);
    } finally {
      this.#leave();
    }
  }

  /** Puts this member into the list behind all others. The caller must check its condition once more after this. */
  enrolLast(): void {
    this.#table.section.enter();
    try {
      this.#stand(this.#mine === NONE ? this.#vacancy() : this.#mine);
    } finally {
      this.#leave();
    }
  }

  /** Takes this member out of the list. Returns true if it had been notified: an unused notification must be passed on. */
  withdraw(): boolean {
    if (this.#mine === NONE) return false;
    this.#table.section.enter();
    try {
      const notified = this.isNotified;
      this.#table.setFirst(this.#mine, 0);
      this.#mine = NONE;
      return notified;
    } finally {
      this.#leave();
    }
  }

  /**
   * Wakes the member that has waited longest, or shortest if the last comes first. If the member does not come, wakes the next one too.
   * Never throws: after the change that the member waits for, an error would say that the change was not made. If no member can be woken
   * now, for example because the stack is almost full, tries again a moment later.
   */
  notify(): void {
    try {
      for (let member = this.nominate(); member !== 0; member = this.nominate()) {
        // The entry of a dead member stays, notified, until the place is needed.
        if (!this.#family.parker.wake(member)) continue;
        if (this.hasWaiting) this.remind();
        return;
      }
    } catch {
      this.remind();
    }
  }

  /** Makes this thread check after a moment whether the woken member, or the member for which the object is kept, has come. */
  remind(): void {
    this.#reminder?.set();
  }

  /** Marks the member that `notify` would wake as notified, and returns its number: the caller must wake it. Returns 0 if none waits. */
  nominate(): number {
    if (!this.hasWaiting) return 0;
    this.#table.section.enter();
    try {
      const { used } = this.#table;
      let first = NONE;
      for (let entry = 0; entry < used; entry++) {
        if ((this.#table.first(entry) & STATE) !== WAITING) continue;
        if (first === NONE || this.#before(entry, first) !== this.#isLastFirst) first = entry;
      }
      if (first === NONE) return 0;
      const member = this.#table.first(first) & ~STATE;
      this.#table.setFirst(first, member | NOTIFIED);
      return member;
    } finally {
      this.#leave();
    }
  }

  /**
   * Wakes each member that waits now once. A member that comes back meanwhile has checked its condition again. Never throws: if the
   * members cannot be woken now, one after the other is woken a moment later.
   */
  notifyAll(): void {
    try {
      if (this.hasWaiting) this.#wakeAll();
    } catch (error) {
      if (this.#reminder === undefined) throw error;
      this.remind();
    }
  }

  #wakeAll(): void {
    const woken: number[] = [];
    this.#table.section.enter();
    try {
      const { used } = this.#table;
      for (let entry = 0; entry < used; entry++) {
        const word = this.#table.first(entry);
        if ((word & STATE) !== WAITING) continue;
        woken.push(word & ~STATE);
        this.#table.setFirst(entry, (word & ~STATE) | NOTIFIED);
      }
    } finally {
      this.#leave();
    }
    for (const member of woken) this.#family.parker.wake(member);
  }

  /** Returns the living member just before this one, 0 if this one is first. */
  predecessor(): number {
    return this.#neighbour((entry, mine) => this.#before(entry, mine));
  }

  /** Returns the living member just after this one, 0 if this one is last. */
  successor(): number {
    return this.#neighbour((entry, mine) => this.#before(mine, entry));
  }

  /** Returns all other living members in the list. */
  others(): number[] {
    const { me, members } = this.#family;
    const found: number[] = [];
    this.#table.section.run(() => {
      const { used } = this.#table;
      for (let entry = 0; entry < used; entry++) {
        const member = this.#table.first(entry) & ~STATE;
        if (member !== 0 && member !== me && !members.isKnownGone(member)) found.push(member);
      }
    });
    return found;
  }

  /** True if the member is in the list, dead or alive. */
  has(member: number): boolean {
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) if ((this.#table.first(entry) & ~STATE) === member) return true;
    return false;
  }

  /** Ends the use of the list by this thread, which will not check any more whether a woken member has come. */
  close(): void {
    this.#reminder?.close();
  }

  /** Frees the memory outside the object. */
  destroy(): void {
    this.#table.destroy();
  }

  /** Returns the nearest member on one side of this one; `isOnSide(entry, mine)` defines the side. */
  #neighbour(isOnSide: (entry: number, mine: number) => boolean): number {
    const mine = this.#mine;
    if (mine === NONE) return 0;
    return this.#table.section.run(() => {
      const { used } = this.#table;
      let nearest = NONE;
      for (let entry = 0; entry < used; entry++) {
        const word = this.#table.first(entry);
        if (entry === mine || word === 0 || !isOnSide(entry, mine)) continue;
        if (this.#family.members.isKnownGone(word & ~STATE)) continue;
        if (nearest === NONE || isOnSide(nearest, entry)) nearest = entry;
      }
      return nearest === NONE ? 0 : this.#table.first(nearest) & ~STATE;
    });
  }

  /** Gives the entry to this member with the next ticket. */
  #stand(entry: number): void {
    const ticket = (this.#table.own(own.ticket) + 1) | 0;
    this.#table.setOwn(own.ticket, ticket);
    this.#table.setFirst(entry, 0);
    this.#table.setSecond(entry, ticket);
    this.#table.setFirst(entry, this.#family.me | WAITING);
    this.#mine = entry;
  }

  /** Returns an entry that is free or whose member is dead, or the next one never used. */
  #vacancy(): number {
    const { used } = this.#table;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#table.first(entry);
      if (word === 0 || this.#family.members.isKnownGone(word & ~STATE)) return entry;
    }
    return this.#table.add();
  }

  #leave(): void {
    const { used } = this.#table;
    let waiting = 0;
    for (let entry = 0; entry < used; entry++) if ((this.#table.first(entry) & STATE) === WAITING) waiting++;
    // SYNC(wait): a waiter checks its condition only after this.
    this.#table.setOwn(own.waiting, waiting);
    this.#table.section.leave();
  }

  /** Compares tickets, which wrap; tickets in one list are never 2**31 apart. */
  #before(entry: number, other: number): boolean {
    return ((this.#table.second(entry) - this.#table.second(other)) | 0) < 0;
  }
}
