/** More slots than functions can be idle. */
const SLOTS = 16_384;

/** The number of words that the table takes. */
export const FUNCTION_TABLE_WORDS = SLOTS;

/**
 * The numbers of the functions in the owner's store, on the board. By them a worker sees which functions of its own cache are gone. Written by the
 * owner.
 */
export class FunctionTable {
  readonly #words: Int32Array;
  readonly #at: number;
  #last = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Returns a number that was not used before. If more functions live than there are slots, the older of two in one slot seems to be gone. */
  add(): number {
    for (let tries = 0; tries < SLOTS; tries++) if (Atomics.load(this.#words, this.#slot(++this.#last)) === 0) break;
    Atomics.store(this.#words, this.#slot(this.#last), this.#last);
    return this.#last;
  }

  remove(id: number): void {
    Atomics.compareExchange(this.#words, this.#slot(id), id, 0);
  }

  has(id: number): boolean {
    return Atomics.load(this.#words, this.#slot(id)) === id;
  }

  #slot(id: number): number {
    return this.#at + (id % SLOTS);
  }
}
