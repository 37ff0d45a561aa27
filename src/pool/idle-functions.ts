/** A function that no task names. */
interface Idle {
  /** The size in KiB of shared memory. */
  readonly weight: number;
  /** True if it has been used again after it was idle. */
  isRegular: boolean;
}

/** KiB that may be kept of functions used once: most closures that are made for one task are never used again. */
const LIMIT_ONCE = 8 * 1024;
const LIMIT_REGULAR = 64 * 1024;
/** KiB that a function takes in addition. */
const OVERHEAD = 8;

/**
 * The functions that no task names, the longest unused first. Drops what is too much, without waiting for the garbage collector, which
 * does not know how big they are. The last used function may have any size.
 */
export class IdleFunctions<T extends Idle> {
  readonly #once = new Set<T>();
  readonly #regular = new Set<T>();
  #weightOfOnce = 0;
  #weightOfRegular = 0;

  /** Adds a function; returns the functions to drop. */
  add(fn: T): T[] {
    const { isRegular } = fn;
    const set = isRegular ? this.#regular : this.#once;
    set.add(fn);
    this.#weigh(fn, 1);
    const gone: T[] = [];
    for (const other of set) {
      const isTooMuch = isRegular ? this.#weightOfRegular > LIMIT_REGULAR : this.#weightOfOnce > LIMIT_ONCE;
      if (!isTooMuch || other === fn) break;
      this.delete(other);
      gone.push(other);
    }
    return gone;
  }

  /** Removes a function that is used again or gone. */
  delete(fn: T): boolean {
    if (!this.#regular.delete(fn) && !this.#once.delete(fn)) return false;
    this.#weigh(fn, -1);
    return true;
  }

  #weigh({ isRegular, weight }: T, sign: 1 | -1): void {
    if (isRegular) this.#weightOfRegular += sign * (weight + OVERHEAD);
    else this.#weightOfOnce += sign * (weight + OVERHEAD);
  }
}
