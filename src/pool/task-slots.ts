import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { struct, word } from '../memory/struct.ts';

/** The largest number of tasks of one pool on the board; the owner keeps the others. */
export const SLOT_COUNT = 2 ** 16;
/** The number of slots for tasks that go before all tasks that the owner keeps. */
const RESERVE = 256;
/** The number of other slots that are used before a slot is used again: an old tag may stay in a lane for long, and generations repeat. */
const REST = 4096;
const slot = struct({
  /** The state in the lowest bits, the generation above. The owner writes it, and the worker that has claimed the task. */
  state: word,
  /** The member that claimed the task; the owner writes 0, the worker its number. */
  worker: word,
});
const STATE_BITS = 3;
const STATE_MASK = (1 << STATE_BITS) - 1;
const GENERATIONS = 0xffff;

/** See README.md. */
export const slotState = { FREE: 0, WAITING: 1, RUNNING: 2, FINISHED: 3, CONDEMNED: 4 } as const;
type SlotState = (typeof slotState)[keyof typeof slotState];

/** The size of the table in bytes. */
export const SLOTS_BYTES = SLOT_COUNT * slot.words * 4;

/** The table of slots. A tag is a slot's number in the lower 16 bits and its generation in the upper ones. */
export class TaskSlots {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #me: number;
  /** Used slots that are free again, the oldest first; only the owner uses this list. */
  #free: number[] = [];
  #firstFree = 0;
  #used = 0;

  constructor(family: Family, offset: number) {
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#me = family.me;
  }

  /** Owner: takes a slot for a task. Returns its tag, or -1 if all slots are taken, except the reserve for urgent tasks. */
  open(urgent: boolean): number {
    const resting = this.#free.length - this.#firstFree;
    const left = SLOT_COUNT - this.#used + resting;
    if (left <= (urgent ? 0 : RESERVE)) return -1;
    let number: number;
    if (this.#used < SLOT_COUNT && resting < REST) {
      number = this.#used++;
      this.#words[this.#index(number)] = 0;
    } else {
      number = this.#free[this.#firstFree++] as number;
      if (this.#firstFree >= REST && this.#firstFree * 2 >= this.#free.length) {
        this.#free = this.#free.slice(this.#firstFree);
        this.#firstFree = 0;
      }
    }
    const index = this.#index(number);
    const generation = (((this.#words[index] as number) >>> STATE_BITS) % GENERATIONS) + 1;
    this.#words[index + slot.at.worker] = 0;
    Atomics.store(this.#words, index, (generation << STATE_BITS) | slotState.WAITING);
    return (generation << 16) | number;
  }

  /** Owner: the task has settled; its tag becomes invalid. */
  close(tag: number): void {
    const index = this.#index(tag & 0xffff);
    Atomics.store(this.#words, index, ((tag >>> 16) << STATE_BITS) | slotState.FREE);
    this.#free.push(tag & 0xffff);
  }

  /** Owner: true if the task is neither claimed nor cancelled. */
  isWaiting(tag: number): boolean {
    return Atomics.load(this.#words, this.#index(tag & 0xffff)) === this.#word(tag, slotState.WAITING);
  }

  /** Worker: claims the task. Returns false if the task was cancelled, or belongs to a dead worker. */
  claim(tag: number): boolean {
    const index = this.#index(tag & 0xffff);
    if (this.#words[index] !== this.#word(tag, slotState.WAITING)) return false;
    // SYNC(claim): written first, because a reader that sees RUNNING must see the worker.
    this.#words[index + slot.at.worker] = this.#me;
    return this.#move(tag, slotState.WAITING, slotState.RUNNING);
  }

  /** Worker: the task has run. Returns false if the owner has condemned the task, and this worker with it. */
  finish(tag: number): boolean {
    return this.#move(tag, slotState.RUNNING, slotState.FINISHED);
  }

  /** Owner: no worker may start the task. Returns false if a worker has claimed it. */
  cancel(tag: number): boolean {
    return this.#move(tag, slotState.WAITING, slotState.CONDEMNED);
  }

  /** Owner: the worker that runs the task may take no other. Returns false if the task has finished. */
  condemn(tag: number): boolean {
    return this.#move(tag, slotState.RUNNING, slotState.CONDEMNED);
  }

  /** Worker: true if the owner has condemned the task. */
  isCondemned(tag: number): boolean {
    return Atomics.load(this.#words, this.#index(tag & 0xffff)) === this.#word(tag, slotState.CONDEMNED);
  }

  /** Returns the worker that claimed the task, 0 if none has. */
  worker(tag: number): number {
    const index = this.#index(tag & 0xffff);
    // SYNC(claim): the state is read before the member number, which is valid only with it.
    const state = Atomics.load(this.#words, index);
    return (state & STATE_MASK) === slotState.WAITING ? 0 : (this.#words[index + slot.at.worker] as number);
  }

  #move(tag: number, from: SlotState, to: SlotState): boolean {
    const index = this.#index(tag & 0xffff);
    const expected = this.#word(tag, from);
    // SYNC(claim): either the worker or the owner wins.
    return Atomics.compareExchange(this.#words, index, expected, this.#word(tag, to)) === expected;
  }

  #word(tag: number, state: SlotState): number {
    return ((tag >>> 16) << STATE_BITS) | state;
  }

  /** Returns the index of a slot's state, which is its first word. */
  #index(number: number): number {
    return this.#at + number * slot.words;
  }
}
