import { StateError } from '../contracts/errors.ts';
import { assertBody } from '../contracts/lock.ts';
import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { awaitedHold, carriedBy, carryOn, Hold, isCarried, runCarrying } from './async-hold.ts';

/** Takes and releases the lock of an `Ownership`. */
interface Underlying {
  /** Called when the lock has been acquired. */
  readonly onHeld: () => void;
  /** Called when the lock is no longer held, or is about to be released. */
  readonly onLeft: () => void;
}

/**
 * Keeps which async context of this thread owns a re-entrant lock, and how many times it has acquired it. It only counts: the caller
 * takes the lock once and releases it once. See README.md, "Whose an RLock is".
 */
export class Ownership {
  #hold: Hold | undefined;
  readonly #underlying: Underlying | undefined;

  constructor(underlying?: Underlying) {
    this.#underlying = underlying;
  }

  /** Returns the hold of the running code, if it has one. */
  mine(): Hold | undefined {
    const hold = this.#hold;
    return hold !== undefined && isCarried(hold) ? hold : undefined;
  }

  /** Counts one more acquisition of the owner; returns `undefined` if the running code is not the owner. */
  again(options: WaitOptions | undefined): Hold | undefined {
    const hold = this.mine();
    if (hold === undefined) return undefined;
    readTimeout(options);
    options?.signal?.throwIfAborted();
    hold.depth++;
    return hold;
  }

  /** Returns a promise of the acquisition `wait`. The code that awaits it owns the lock if it resolves to true. */
  acquired(hold: Hold, wait: Promise<boolean>): Promise<boolean> {
    return carriedBy(hold, () => this.begun(hold, wait));
  }

  /** Returns a promise of the acquisition `wait`, for code that carries the hold in its own way. */
  begun(hold: Hold, wait: Promise<boolean>): Promise<boolean> {
    return wait.then(
      (acquired) => this.begin(hold, acquired),
      (error) => {
        hold.isOver = true;
        throw error;
      },
    );
  }

  /**
   * Returns a promise of what `held` makes for a block: at once for `again`, the hold of an owner, else of what `take` acquires. Rejects with the error of
   * `late` if it acquires nothing. The code that awaits the promise owns the lock.
   */
  guard<Guard>(
    again: Hold | undefined,
    take: () => Promise<boolean>,
    held: (hold: Hold) => Guard,
    late: () => Error,
  ): Promise<Guard> {
    if (again !== undefined) return Promise.resolve(held(again));
    const hold = awaitedHold();
    const wait = this.begun(hold, take());
    return carriedBy(hold, () =>
      wait.then((acquired) => {
        if (!acquired) throw late();
        return held(hold);
      }),
    );
  }

  /** Makes the running code the owner, for an acquisition whose result is known already. */
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

  /**
   * Undoes one acquisition. Returns true if it was the last one and the lock must be released. Throws a `StateError` unless the caller is
   * the owner.
   */
  leave(hold: Hold | undefined): boolean {
    if (hold === undefined || hold.depth === 0) throw notOwned();
    if (--hold.depth > 0) return false;
    hold.isOver = true;
    this.#hold = undefined;
    this.#underlying?.onLeft();
    return true;
  }

  /** Prepares the release of a lock that was acquired several times. The returned function makes its owner the owner again, with the same count. */
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

  /**
   * Takes the lock, unless the caller has it already, runs `fn` as the owner, and calls `leave` even if `fn` fails. Resolves to what `fn`
   * returns. `again` returns the caller's hold, if it has one.
   */
  async with<R>(
    again: () => Hold | undefined,
    take: () => Promise<boolean>,
    leave: (hold: Hold) => void | Promise<void>,
    fn: () => R,
  ): Promise<Awaited<R>> {
    assertBody(fn);
    let hold = again();
    if (hold === undefined) {
      hold = new Hold(true);
      this.begin(hold, await take());
    }
    try {
      return await runCarrying(hold, fn);
    } finally {
      await leave(hold);
    }
  }
}

function notOwned(): StateError {
  return new StateError(
    'Only the owner of an RLock may release it: what runs after its own `await lock.acquire()`, or was called or started there.',
  );
}
