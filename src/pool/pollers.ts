import { os } from '../engine/builtins.ts';

/** The largest number of polling workers: one CPU is for the owner. */
export const MOST_POLLERS = 8;

/** The words in which workers announce that they poll for tasks. See README.md, "Polling". */
export class Pollers {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #me: number;
  readonly #most = Math.min(MOST_POLLERS, os.availableParallelism() - 1);
  /** The word in which this worker has announced itself, 0 if it has not. */
  #mine = 0;

  constructor(words: Int32Array, at: number, me: number) {
    this.#words = words;
    this.#at = at;
    this.#me = me;
  }

  /** Owner: true if a worker polls. */
  get any(): boolean {
    for (let i = 0; i < this.#most; i++) {
      // SYNC(poll): a worker that is seen here looks once more after it has withdrawn.
      if (Atomics.load(this.#words, this.#at + i) !== 0) return true;
    }
    return false;
  }

  /** Worker: announces that it polls. Returns false if the limit is reached: more would only take CPU time from the others. */
  announce(): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, 0, this.#me) !== 0) continue;
      this.#mine = this.#at + i;
      return true;
    }
    return false;
  }

  /** Worker: stops polling. It must look for a task once more after this. */
  withdraw(): void {
    if (this.#mine === 0) return;
    // SYNC(poll): an owner that still saw this worker has pushed before this. The word may belong to another worker by now.
    Atomics.compareExchange(this.#words, this.#mine, this.#me, 0);
    this.#mine = 0;
  }

  /** Owner: no worker polls in truth; clears all words. */
  clear(): void {
    for (let i = 0; i < this.#most; i++) Atomics.store(this.#words, this.#at + i, 0);
  }

  /** Owner: a worker has died; returns true if it had announced itself. */
  forget(member: number): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, member, 0) === member) return true;
    }
    return false;
  }
}
