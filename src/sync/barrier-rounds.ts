import type { CriticalSection } from '../memory/critical-section.ts';
import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { from, line, type Part, struct, word, words } from '../memory/struct.ts';

/** The words of the rounds, from their start. All words after the first two lines are written within the section. */
const { at: field } = struct({
  section: word,
  /** The number of parties in a round; the maker writes it once. */
  parties: word,
  /** The number of this round; wraps. Changing it ends the round for all parties that have arrived in it. */
  round: word,
  /** One bit for each of the last 32 rounds, by its number modulo 32: 1 if the round was broken. Written before the round ends. */
  history: word,
  /** 1 while no party can pass. */
  broken: word,
  /** The member that arrived last and runs the action, otherwise 0. */
  runner: word,
  /** The round of the bits below. If it is an earlier round, no party has arrived in this one. */
  arrivedIn: word,
  /** One bit for each party that has arrived, by its index. */
  arrived: from(8, word),
});

/** Returns the rounds of a barrier for this many parties, as a part of its object. */
export function barrierRounds(parties: number): Part {
  return line(words(field.arrived + Math.ceil(parties / 32)));
}

/** The place of one party in a round. */
export interface Arrival {
  readonly round: number;
  readonly index: number;
  /** True for the party that completes the round: it runs the action, and then calls `complete`. */
  readonly isLast: boolean;
}

/** The rounds of a barrier in shared memory; the methods never wait. See README.md, "Rounds". */
export class BarrierRounds {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #section: CriticalSection;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#section = family.section(offset + field.section * 4);
  }

  /** Initializes fresh, zeroed words. */
  start(parties: number): void {
    this.#set(field.parties, parties);
  }

  get parties(): number {
    return this.#get(field.parties);
  }

  get isBroken(): boolean {
    return this.#get(field.broken) !== 0;
  }

  /** True while all parties have arrived and the action runs. */
  get isRunning(): boolean {
    return this.#get(field.runner) !== 0;
  }

  /** The number of parties that have arrived in this round. */
  get arrived(): number {
    if (this.#get(field.arrivedIn) !== this.#get(field.round)) return 0;
    const words = Math.ceil(this.parties / 32);
    let count = 0;
    for (let i = 0; i < words; i++) count += bitsIn(this.#get(field.arrived + i));
    return count;
  }

  /** True if other parties wait in vain after the death of `member`, because it runs the action. */
  isRunBy(member: number): boolean {
    return this.#get(field.runner) === member;
  }

  /** Takes the place of one party. Returns `'full'` while the round before is not over, `'broken'` if the barrier is broken. */
  arrive(): Arrival | 'full' | 'broken' {
    return this.#section.commit(() => {
      if (this.isBroken) return 'broken';
      const { parties } = this;
      const round = this.#get(field.round);
      if (this.#get(field.arrivedIn) !== round) {
        for (let i = 0; i < Math.ceil(parties / 32); i++) this.#set(field.arrived + i, 0);
        this.#set(field.arrivedIn, round);
      }
      const before = this.arrived;
      if (before === parties) return 'full';
      const index = this.#lowestFree();
      const isLast = before + 1 === parties;
      if (isLast) this.#set(field.runner, this.#family.me);
      const word = field.arrived + (index >>> 5);
      this.#set(word, this.#get(word) | (1 << (index & 31)));
      return { round, index, isLast };
    });
  }

  /** Gives the place up, as if this party had never come, unless the round is complete. */
  withdraw({ round, index }: Arrival): void {
    this.#section.commit(() => {
      if (this.#get(field.round) !== round || this.arrived === this.parties) return;
      const word = field.arrived + (index >>> 5);
      this.#set(word, this.#get(word) & ~(1 << (index & 31)));
    });
  }

  /** Returns what happened to the round of an arrival. */
  outcome({ round }: Arrival): 'waiting' | 'passed' | 'broken' {
    // SYNC(round): sees what the other parties wrote before they came.
    const behind = (this.#get(field.round) - round) | 0;
    if (behind === 0) return this.isBroken ? 'broken' : 'waiting';
    // If a party comes so late that its round is forgotten, the outcome is "broken".
    return behind <= 32 && (this.#get(field.history) & (1 << (round & 31))) === 0 ? 'passed' : 'broken';
  }

  /** Lets all parties of the round pass; returns false if it was broken meanwhile. */
  complete({ round }: Arrival): boolean {
    return this.#section.commit(() => {
      const isCurrent = this.#get(field.round) === round && !this.isBroken;
      if (isCurrent) this.#end(false);
      return isCurrent;
    });
  }

  /** Breaks the barrier, for all waiting and coming parties, until it is reset. */
  break(): void {
    this.#section.commit(() => {
      // This store comes first: after it, no party waits, even if this member is killed.
      this.#set(field.broken, 1);
      this.#end(true);
    });
  }

  /** Breaks the barrier unless the round of the arrival is over or complete; returns whether this call broke it. */
  breakRound({ round }: Arrival): boolean {
    return this.#section.commit(() => {
      const isOpen = this.#get(field.round) === round && this.arrived < this.parties;
      if (isOpen) {
        this.#set(field.broken, 1);
        this.#end(true);
      }
      return isOpen;
    });
  }

  /** Makes the barrier usable and empty; the round of the waiting parties is broken. */
  reset(): void {
    this.#section.commit(() => {
      if (this.arrived > 0) this.#end(true);
      this.#set(field.broken, 0);
    });
  }

  #end(isBroken: boolean): void {
    const round = this.#get(field.round);
    const bit = 1 << (round & 31);
    const history = this.#get(field.history);
    this.#set(field.history, isBroken ? history | bit : history & ~bit);
    this.#set(field.runner, 0);
    // SYNC(round): the parties that have arrived go on, and see what the others wrote before.
    this.#set(field.round, (round + 1) | 0);
  }

  #lowestFree(): number {
    for (let word = 0; ; word++) {
      const free = ~this.#get(field.arrived + word);
      if (free !== 0) return word * 32 + (31 - Math.clz32(free & -free));
    }
  }

  #get(word: number): number {
    return Atomics.load(this.#words, this.#at + word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, this.#at + word, value);
  }
}

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
