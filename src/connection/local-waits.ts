import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import { settleInTurn } from '../sync/loop-turn.ts';
import { type Attempt, NOT_YET } from '../sync/spinner.ts';
import { onAbort } from '../waits/on-abort.ts';

interface Waiter {
  readonly attempt: Attempt<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly release: () => void;
}

/** Promises of this thread that wait for an object of this thread, served in order of arrival. */
export class LocalWaits {
  readonly #waiters = new Set<Waiter>();
  readonly #onChange: (waiting: boolean) => void;

  /** `onChange` is called when the first wait comes and when the last one goes. */
  constructor(onChange: (waiting: boolean) => void) {
    this.#onChange = onChange;
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * Waits until `attempt` succeeds; `serve` must be called whenever it may succeed. Rejects with the error that `attempt` throws or with
   * `signal.reason`. At the time-out it calls `expire`: resolves to its result, or rejects with its error.
   */
  wait<T>(attempt: Attempt<T>, options: WaitOptions | undefined, expire: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timeout = readTimeout(options);
      const signal = options?.signal;
      signal?.throwIfAborted();
      if (this.#waiters.size === 0) {
        const value = attempt();
        if (value !== NOT_YET) return settleInTurn(resolve, value);
      }
      const onExpired = () => {
        try {
          resolve(expire());
        } catch (error) {
          reject(error);
        }
      };
      if (timeout === 0) return settleInTurn(onExpired, undefined);
      const giveUp = (settle: () => void) => {
        this.#remove(waiter);
        settle();
      };
      const onTime = () => giveUp(onExpired);
      // A time-out that is longer than a timer can run counts as none.
      const timer = timeout <= 0x7fffffff ? setTimeout(onTime, timeout) : undefined;
      const stopListening = signal && onAbort(signal, () => giveUp(() => reject(signal.reason)));
      const release = () => {
        clearTimeout(timer);
        stopListening?.();
      };
      const waiter: Waiter = { attempt, resolve: resolve as Waiter['resolve'], reject, release };
      this.#waiters.add(waiter);
      if (this.#waiters.size === 1) this.#onChange(true);
    });
  }

  /** Settles waits, from the first on, as long as their attempts succeed or throw. */
  serve(): void {
    for (const waiter of this.#waiters) {
      try {
        const value = waiter.attempt();
        if (value === NOT_YET) return;
        this.#remove(waiter);
        waiter.resolve(value);
      } catch (error) {
        this.#remove(waiter);
        waiter.reject(error);
      }
    }
  }

  /** Ends all waits with an error. */
  fail(error: unknown): void {
    for (const waiter of this.#waiters) {
      this.#remove(waiter);
      waiter.reject(error);
    }
  }

  #remove(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.release();
    if (this.#waiters.size === 0) this.#onChange(false);
  }
}
