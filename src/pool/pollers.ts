import { os } from '../builtins.ts';

/** How many may try at once: one CPU is the owner's. */
export const MOST_POLLERS = 8;

/** The words in which workers say that they try again and again for a task. See README.md, "Polling". */
export class Pollers {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #me: number;
  readonly #most = Math.min(MOST_POLLERS, os.availableParallelism() - 1);
  /** Where this worker has announced itself, 0 if it has not. */
  #mine = 0;

  constructor(words: Int32Array, at: number, me: number) {
    this.#words = words;
    this.#at = at;
    this.#me = me;
  }

  /** Owner: true if somebody tries. */
  get any(): boolean {
    for (let i = 0; i < this.#most; i++) {
      // SYNC(poll): whoever is seen here looks once more after he has withdrawn.
      if (Atomics.load(this.#words, this.#at + i) !== 0) return true;
    }
    return false;
  }

  /** Worker: announces that it tries; false if so many do already that more would only take CPU from them. */
  announce(): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, 0, this.#me) !== 0) continue;
      this.#mine = this.#at + i;
      return true;
    }
    return false;
  }

  /** Worker: it does so no longer. Look once more after this. */
  withdraw(): void {
    if (this.#mine === 0) return;
    // SYNC(poll): an owner that still saw it has pushed before this. The word may be somebody else's by now.
    Atomics.compareExchange(this.#words, this.#mine, this.#me, 0);
    this.#mine = 0;
  }

  /** Owner: nobody tries in truth. */
  clear(): void {
    for (let i = 0; i < this.#most; i++) Atomics.store(this.#words, this.#at + i, 0);
  }

  /** Owner: a worker has died; true if it had announced itself. */
  forget(member: number): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, member, 0) === member) return true;
    }
    return false;
  }
}
