import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { type Attempt, NOT_YET } from './attempt.ts';
import { expireOn } from './expiry.ts';
import { settleInTurn } from './loop-turn.ts';

interface Waiter {
  readonly attempt: Attempt<unknown>;
  readonly expire: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Stops the time-out and the signal; `undefined` if the wait has neither. */
  stop: (() => void) | undefined;
}

/** What the waiters of this thread wait for. */
interface Awaiting {
  /** A waiter has come; `isFirst` if no other waiter is there. If this throws, the wait rejects. */
  begin(isFirst: boolean): void;
  /** The last waiter has gone; `isServed` if it got what it waited for. */
  end(isServed: boolean): void;
}

/** Promises of this thread that wait for one thing, served in order of arrival: an attempt decides whether the first of them is settled. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();
  readonly #awaiting: Awaiting;

  constructor(awaiting: Awaiting) {
    this.#awaiting = awaiting;
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * Waits until `attempt` succeeds; `serve` must be called whenever it may succeed. Rejects with the error that `attempt` throws or with
   * `signal.reason`. At the time-out it calls `expire`: resolves to its result, or rejects with its error. If no other promise waits,
   * `look` makes the first attempt, by default once.
   */
  wait<T>(
    attempt: Attempt<T>,
    options: WaitOptions | undefined,
    expire: () => T,
    look: (attempt: Attempt<T>, timeout: number) => ReturnType<Attempt<T>> = lookOnce,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const timeout = readTimeout(options);
      const signal = options?.signal;
      signal?.throwIfAborted();
      if (this.#waiters.size === 0) {
        const value = look(attempt, timeout);
        if (value !== NOT_YET) return settleInTurn(resolve, value);
      }
      const waiter: Waiter = { attempt, expire, resolve: resolve as Waiter['resolve'], reject, stop: undefined };
      if (timeout === 0) settleInTurn(settleExpired, waiter);
      else this.#add(waiter, timeout, signal);
    });
  }

  /** Settles waits, from the first on, as long as their attempts succeed or throw. Returns true if it settled any. */
  serve(): boolean {
    let isServed = false;
    for (const waiter of this.#waiters) {
      if (!this.#settle(waiter)) return isServed;
      isServed = true;
    }
    if (isServed && this.#waiters.size === 0) this.#awaiting.end(true);
    return isServed;
  }

  /** Ends all waits with an error. */
  fail(error: unknown): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) {
      this.#remove(waiter);
      waiter.reject(error);
    }
    this.#awaiting.end(false);
  }

  /** Makes a promise wait. Separate from `wait`, so that a wait that need not wait makes none of this. */
  #add(waiter: Waiter, timeout: number, signal: AbortSignal | undefined): void {
    this.#waiters.add(waiter);
    if (timeout !== Number.POSITIVE_INFINITY || signal !== undefined) {
      waiter.stop = expireOn(
        { timeout, signal },
        () => this.#onTime(waiter),
        (reason) => this.#giveUp(waiter, () => waiter.reject(reason)),
      );
    }
    try {
      this.#awaiting.begin(this.#waiters.size === 1);
    } catch (error) {
      this.#giveUp(waiter, () => waiter.reject(error));
    }
  }

  /** This thread may have come too late: the first waiter tries once more. */
  #onTime(waiter: Waiter): void {
    const [first] = this.#waiters;
    if (first !== waiter || !this.#settle(waiter)) this.#giveUp(waiter, () => settleExpired(waiter));
    else if (this.#waiters.size === 0) this.#awaiting.end(true);
  }

  #giveUp(waiter: Waiter, settle: () => void): void {
    this.#remove(waiter);
    if (this.#waiters.size === 0) this.#awaiting.end(false);
    settle();
  }

  /** Settles the waiter if its attempt succeeds or throws; returns false if it must wait on. */
  #settle(waiter: Waiter): boolean {
    let value: unknown;
    try {
      value = waiter.attempt();
      if (value === NOT_YET) return false;
    } catch (error) {
      this.#remove(waiter);
      waiter.reject(error);
      return true;
    }
    this.#remove(waiter);
    waiter.resolve(value);
    return true;
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.stop?.();
  }
}

function lookOnce<T>(attempt: Attempt<T>): ReturnType<Attempt<T>> {
  return attempt();
}

/** Settles a wait at its time-out with what `expire` returns or throws. */
function settleExpired({ expire, resolve, reject }: Waiter): void {
  try {
    resolve(expire());
  } catch (error) {
    reject(error);
  }
}
