import type { CriticalSection } from '../memory/critical-section.ts';
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { SLOTS } from '../memory/members.ts';

/** The words of a wait list, from its start; all are written within its section. */
const field = {
  section: 0,
  /** How many entries are WAITING: what a notifier looks at first, outside of the section. */
  waiting: 1,
  /** The last ticket given out: whoever has a lower one came earlier. */
  ticket: 2,
  /** How many entries were ever in use. */
  used: 3,
  /** Granule of the block with the entries that have no room here, 0 until somebody needs it. Entries never move. */
  more: 4,
  first: 6,
} as const;
const FIRST_ENTRIES = 5;
/** How many words a wait list takes in its object. */
export const WAIT_LIST_WORDS = field.first + FIRST_ENTRIES * 2;

/** An entry is two words: the member with its state, written last (0: free), and its ticket. */
const WAITING = 1 << 28;
const NOTIFIED = 2 << 28;
const STATE = WAITING | NOTIFIED;
const NONE = -1;

/**
 * Who waits for something, in the order in which they came: at most one entry for each member. An array, not a linked list, so
 * that every change is one store, and a member killed in the middle leaves nothing to repair. See README.md.
 */
export class WaitList {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #section: CriticalSection;
  /** This member's entry. Others free it only if they take this member for dead. */
  #mine = NONE;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#section = family.section(offset);
  }

  /** True if somebody waits who was not notified yet. */
  get hasWaiting(): boolean {
    // SYNC(wait): either this sees the waiter, or the waiter's look at its condition sees what was done before this.
    return Atomics.load(this.#words, this.#at + field.waiting) !== 0;
  }

  /** True if this member is in the list and was notified since it enrolled. */
  get isNotified(): boolean {
    return this.#mine !== NONE && (this.#get(this.#mine) & STATE) === NOTIFIED;
  }

  /** Puts this member into the list, or back to WAITING if it was notified. Look at the condition once more after this. */
  enrol(): void {
    this.#section.enter();
    if (this.#mine === NONE) {
      this.#mine = this.#vacancy();
      this.#stand(this.#mine);
    } else {
      this.#put(this.#mine, this.#family.me | WAITING);
    }
    this.#leave();
  }

  /** The same, behind all others. */
  enrolLast(): void {
    this.#section.enter();
    if (this.#mine === NONE) this.#mine = this.#vacancy();
    this.#stand(this.#mine);
    this.#leave();
  }

  /** Takes this member out of the list; true if it had been notified, so that the notification is to be passed on if unused. */
  withdraw(): boolean {
    if (this.#mine === NONE) return false;
    this.#section.enter();
    const notified = this.isNotified;
    this.#put(this.#mine, 0);
    this.#mine = NONE;
    this.#leave();
    return notified;
  }

  /** Wakes the living one that has waited longest; false if nobody waits. */
  notify(): boolean {
    for (;;) {
      const member = this.nominate();
      if (member === 0) return false;
      if (this.#family.parker.wake(member)) return true;
      // It is dead: its entry stays behind, notified, until somebody needs the place.
    }
  }

  /** Marks the one that has waited longest as notified, and answers its name: the caller is to wake it. 0 if nobody waits. */
  nominate(): number {
    if (!this.hasWaiting) return 0;
    this.#section.enter();
    const used = this.#words[this.#at + field.used] as number;
    let first = NONE;
    for (let entry = 0; entry < used; entry++) {
      if ((this.#get(entry) & STATE) !== WAITING) continue;
      if (first === NONE || this.#before(entry, first)) first = entry;
    }
    const member = first === NONE ? 0 : this.#get(first) & ~STATE;
    if (first !== NONE) this.#put(first, member | NOTIFIED);
    this.#leave();
    return member;
  }

  /** Wakes all that wait. */
  notifyAll(): void {
    while (this.notify()) {}
  }

  /** The living member that came just before this one, 0 if this one is first. */
  predecessor(): number {
    return this.#neighbour((entry, mine) => this.#before(entry, mine));
  }

  /** The living member that came just after this one, 0 if this one is last. */
  successor(): number {
    return this.#neighbour((entry, mine) => this.#before(mine, entry));
  }

  /** Gives the memory outside of the object back. */
  destroy(): void {
    const granule = this.#words[this.#at + field.more] as number;
    if (granule !== 0) this.#family.allocator.free((granule >>> 0) * GRANULE);
  }

  /** The nearest of those on one side of this member; `isOnSide(entry, mine)` says which side. */
  #neighbour(isOnSide: (entry: number, mine: number) => boolean): number {
    const mine = this.#mine;
    if (mine === NONE) return 0;
    this.#section.enter();
    const used = this.#words[this.#at + field.used] as number;
    let nearest = NONE;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#get(entry);
      if (entry === mine || word === 0 || !isOnSide(entry, mine)) continue;
      if (this.#family.members.isKnownGone(word & ~STATE)) continue;
      if (nearest === NONE || isOnSide(nearest, entry)) nearest = entry;
    }
    const member = nearest === NONE ? 0 : this.#get(nearest) & ~STATE;
    this.#section.leave();
    return member;
  }

  /** Gives the entry to this member with the next ticket. */
  #stand(entry: number): void {
    const ticket = ((this.#words[this.#at + field.ticket] as number) + 1) | 0;
    this.#words[this.#at + field.ticket] = ticket;
    this.#put(entry, 0);
    const [words, index] = this.#place(entry);
    words[index + 1] = ticket;
    this.#put(entry, this.#family.me | WAITING);
  }

  /** An entry that is free or whose member is dead, or the next one never used. */
  #vacancy(): number {
    const used = this.#words[this.#at + field.used] as number;
    for (let entry = 0; entry < used; entry++) {
      const word = this.#get(entry);
      if (word === 0 || this.#family.members.isKnownGone(word & ~STATE)) return entry;
    }
    if (used === FIRST_ENTRIES) this.#makeRoom();
    this.#put(used, 0);
    this.#words[this.#at + field.used] = used + 1;
    return used;
  }

  #makeRoom(): void {
    if (this.#words[this.#at + field.more] !== 0) return;
    const block = this.#family.allocator.allocate((SLOTS - FIRST_ENTRIES) * 8, 0);
    Atomics.store(this.#words, this.#at + field.more, block / GRANULE);
  }

  #leave(): void {
    const used = this.#words[this.#at + field.used] as number;
    let waiting = 0;
    for (let entry = 0; entry < used; entry++) if ((this.#get(entry) & STATE) === WAITING) waiting++;
    // SYNC(wait): a waiter looks at its condition only after this.
    Atomics.store(this.#words, this.#at + field.waiting, waiting);
    this.#section.leave();
  }

  /** Tickets wrap; those in one list are never 2**31 apart. */
  #before(entry: number, other: number): boolean {
    return ((this.#ticket(entry) - this.#ticket(other)) | 0) < 0;
  }

  #ticket(entry: number): number {
    const [words, index] = this.#place(entry);
    return words[index + 1] as number;
  }

  #get(entry: number): number {
    const [words, index] = this.#place(entry);
    return words[index] as number;
  }

  #put(entry: number, word: number): void {
    const [words, index] = this.#place(entry);
    Atomics.store(words, index, word);
  }

  #place(entry: number): [words: Int32Array, index: number] {
    if (entry < FIRST_ENTRIES) return [this.#words, this.#at + field.first + entry * 2];
    const block = (this.#words[this.#at + field.more]! >>> 0) * GRANULE;
    return [this.#family.heap.words(block), wordIndex(block) + (entry - FIRST_ENTRIES) * 2];
  }
}
