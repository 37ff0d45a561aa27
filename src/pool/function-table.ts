/** More than can be idle. */
const SLOTS = 16_384;

/** How many words the table takes. */
export const FUNCTION_TABLE_WORDS = SLOTS;

/**
 * The numbers of the functions that an owner has on its shelf, on the board: a worker sees which of those that it keeps are gone. Written
 * by the owner.
 */
export class FunctionTable {
  readonly #words: Int32Array;
  readonly #at: number;
  #last = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** A number that was not used before. Where more functions live than there is room for, the older of two seems to be gone. */
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
