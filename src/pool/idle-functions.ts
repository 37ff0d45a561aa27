/** A function that no task names. */
interface Idle {
  /** KiB of shared memory. */
  readonly weight: number;
  /** It has been used again after it had been idle. */
  isRegular: boolean;
}

/** KiB that may be kept: most closures that are made for one task are never used again. */
const LIMIT_ONCE = 8 * 1024;
const LIMIT_REGULAR = 64 * 1024;
/** KiB that a function takes besides. */
const OVERHEAD = 8;

/**
 * The functions that no task names, the longest unused first. What would be too much is given up, without waiting for the garbage collector, which
 * does not know how heavy they are. The last one that was used may be as heavy as it likes.
 */
export class IdleFunctions<T extends Idle> {
  readonly #once = new Set<T>();
  readonly #regular = new Set<T>();
  #weightOfOnce = 0;
  #weightOfRegular = 0;

  /** Takes one in; answers those that have to go. */
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

  /** It is used again, or gone. */
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
