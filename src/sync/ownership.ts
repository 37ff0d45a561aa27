import { StateError } from '../errors.ts';
import { readTimeout, type WaitOptions } from '../options.ts';
import { carriedBy, carryOn, Hold, isCarried, runCarrying } from './async-hold.ts';

/** Takes and lets go of the lock that an `Ownership` is of. */
export interface Underlying {
  /** It has become held: called with the acquisition done. */
  readonly onHeld: () => void;
  /** It is held no longer, or is about to be released. */
  readonly onLeft: () => void;
}

/**
 * Which async context of this thread owns a re-entrant lock, and how deep. It counts; the lock itself is taken once and released
 * once, by who uses this. See README.md, "Whose an RLock is".
 */
export class Ownership {
  #hold: Hold | undefined;
  readonly #underlying: Underlying | undefined;

  constructor(underlying?: Underlying) {
    this.#underlying = underlying;
  }

  /** What the code that runs now has of the lock. */
  mine(): Hold | undefined {
    const hold = this.#hold;
    return hold !== undefined && isCarried(hold) ? hold : undefined;
  }

  /** Counts one more acquisition of an owner; `undefined` for anybody else. */
  again(options: WaitOptions | undefined): Hold | undefined {
    const hold = this.mine();
    if (hold === undefined) return undefined;
    readTimeout(options);
    options?.signal?.throwIfAborted();
    hold.depth++;
    return hold;
  }

  /** The acquisition that `wait` stands for: whoever awaits the answer owns the lock, if it came to true. */
  acquired(hold: Hold, wait: Promise<boolean>): Promise<boolean> {
    return carriedBy(hold, () => this.begun(hold, wait));
  }

  /** The same, for code that carries the hold in its own way. */
  begun(hold: Hold, wait: Promise<boolean>): Promise<boolean> {
    return wait.then(
      (acquired) => this.begin(hold, acquired),
      (error) => {
        hold.isOver = true;
        throw error;
      },
    );
  }

  /** The same where the answer is there already: the code that runs now owns the lock. */
  beginSync(acquired: boolean): boolean {
    if (!acquired) return false;
    const hold = new Hold(false);
    this.begin(hold, true);
    carryOn(hold);
    return true;
  }

  begin(hold: Hold, acquired: boolean): boolean {
    if (acquired) {
      hold.depth = 1;
      this.#hold = hold;
      this.#underlying?.onHeld();
    } else hold.isOver = true;
    return acquired;
  }

  /** Undoes one acquisition; true where that was the last, and the lock is to be released. A `StateError` for all but the owner. */
  leave(hold: Hold | undefined): boolean {
    if (hold === undefined || hold.depth === 0) throw notOwned();
    if (--hold.depth > 0) return false;
    hold.isOver = true;
    this.#hold = undefined;
    this.#underlying?.onLeft();
    return true;
  }

  /** The lock is about to be let go, however deep it is held; the answer says that it is the owner's again, as it was. */
  setAside(hold: Hold): (acquired: boolean) => boolean {
    const { depth } = hold;
    hold.depth = 0;
    this.#hold = undefined;
    return (acquired) => {
      this.begin(hold, acquired);
      hold.depth = depth;
      return acquired;
    };
  }

  /** Runs `fn` as the owner. */
  run<R>(hold: Hold, fn: () => R): R {
    return runCarrying(hold, fn);
  }
}

function notOwned(): StateError {
  return new StateError(
    'Only the owner of an RLock may release it: what runs after its own `await lock.acquire()`, or was called or started there.',
  );
}
