import type { Heap } from './heap.ts';
import { GRANULE, wordIndex } from './heap.ts';
import { field, type Members } from './members.ts';

/**
 * What a member has marked, in its reference table and as the owner of blocks: what it gives away by the commit, or what it takes by it. In the
 * record together with the word that the commit changes.
 */
const kind = { NONE: 0, GIVE: 1, TAKE: 2 } as const;
const KIND_BITS = 2;

/** Takes the marks off what a member has marked: it is its own, or it is not. */
type SettleMarks = (member: number, isIts: boolean) => void;

/**
 * What this member is about to commit, written where others can read it: blocks and counts change hands by a commit, which is one store
 * or a whole count, and their entries are written before and after it. A member that takes over the section of a dead member, or reclaims it, sees by
 * the word whether the commit has happened, and does the rest. See README.md, "Intents".
 */
export class Intents {
  readonly #heap: Heap;
  readonly #members: Members;
  readonly #me: number;
  /** Where the own intent stands in the table. */
  readonly #at: number;
  readonly #marks: SettleMarks[] = [];

  constructor(heap: Heap, members: Members, me: number) {
    this.#heap = heap;
    this.#members = members;
    this.#me = me;
    this.#at = members.index(me, field.intent);
  }

  /** Has the marks of one kind taken off by this. */
  onSettle(settleMarks: SettleMarks): void {
    this.#marks.push(settleMarks);
  }

  /**
   * Says that what will be marked from here on is given away by the next change of the word at `place`. Inside of the `section`, 0 where
   * nobody else can change that word.
   */
  give(section: number, place: number): void {
    this.#begin(kind.GIVE, section, place);
  }

  /** Says that what will be marked from here on belongs to this member by the next change of the word at `place`. */
  take(section: number, place: number): void {
    this.#begin(kind.TAKE, section, place);
  }

  /** Says that nothing is marked any more. */
  end(): void {
    // SYNC(intent): what was marked is settled.
    Atomics.store(this.#members.words, this.#at, kind.NONE);
  }

  /** Returns the section that a dead member's intent is about; 0 if there is none, `undefined` without an intent. */
  sectionOf(member: number): number | undefined {
    if (this.#members.get(member, field.intent) === kind.NONE) return undefined;
    return (this.#members.get(member, field.intentSection) >>> 0) * GRANULE;
  }

  /** Settles all that was begun within a section. Call it inside, where another member, or an earlier call of this one, was cut short. */
  settleWithin(section: number): void {
    for (const member of this.#members.all()) {
      if (this.sectionOf(member) !== section) continue;
      if (member === this.#me || this.#members.isGone(member)) this.settle(member);
    }
  }

  /** Does the rest of what a member has begun, or undoes it. It may be cut short and done again. */
  settle(member: number): void {
    const members = this.#members;
    // SYNC(intent): a member that sees it sees all that it says.
    const intent = members.get(member, field.intent);
    if (intent === kind.NONE) return;
    const place = (members.get(member, field.intentPlace) >>> 0) * GRANULE;
    const words = this.#heap.words(place);
    const now = Atomics.load(words, wordIndex(place) + (intent >>> KIND_BITS));
    const isDone = now !== members.get(member, field.intentBefore);
    const isTaking = (intent & ~(-1 << KIND_BITS)) === kind.TAKE;
    const isIts = isTaking === isDone;
    for (const settleMarks of this.#marks) settleMarks(member, isIts);
    members.set(member, field.intent, kind.NONE);
  }

  #begin(what: number, section: number, place: number): void {
    const words = this.#members.words;
    const at = this.#at;
    // An earlier call of ours was cut short.
    if (words[at] !== kind.NONE) this.settle(this.#me);
    const word = (place % GRANULE) >>> 2;
    words[at + field.intentSection - field.intent] = section / GRANULE;
    words[at + field.intentPlace - field.intent] = (place - word * 4) / GRANULE;
    words[at + field.intentBefore - field.intent] = Atomics.load(this.#heap.words(place), wordIndex(place));
    // SYNC(intent): from here on others can see what this is about.
    Atomics.store(words, at, what | (word << KIND_BITS));
  }
}
