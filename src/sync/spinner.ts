import { clock, os } from '../builtins.ts';
import { platform } from '../platform/choose.ts';

/** What an attempt answers while there is nothing to have. */
export const NOT_YET: unique symbol = Symbol('not yet');
export type NotYet = typeof NOT_YET;
/** One try to get something, without waiting. */
export type Attempt<T> = () => T | NotYet;

/** The longest spin in ms: as long as a sleeping process takes to wake up, so that one side spins on until the other does too. */
const LONGEST = 0.06;
/** Shorter ones are not worth the while. */
const SHORTEST = 0.002;
/** After so many waits without a spin, a long one finds out whether it pays again. */
const PROBE_EVERY = 32;
/** Tries between two looks at the clock, one of which takes 20 to 100 ns, and between two calls of the system, each 300 ns. */
const TRIES = 16;

/**
 * Tries for a moment before a sleep, because a sleep and a wake-up take 10 to 50 µs and the other side is often just about to
 * deliver. How long follows what came of it lately; with one CPU it never tries, since the other side could not run meanwhile.
 */
export class Spinner {
  /** How long the next spin may take, in ms. */
  #budget = LONGEST;
  #skipped = 0;

  spin<T>(attempt: Attempt<T>, blocked: boolean): T | NotYet {
    const budget = this.#allowed();
    if (budget === 0) return NOT_YET;
    const start = clock();
    do {
      for (let i = 0; i < TRIES; i++) {
        const value = attempt();
        if (value === NOT_YET) continue;
        this.#budget = Math.min(Math.max(this.#budget, (clock() - start) * 2 + SHORTEST), LONGEST);
        return value;
      }
      // The other side may wait for this very CPU: the system often puts two that wake each other on one.
      platform().yieldCpu();
    } while (clock() < start + budget);
    // An event loop has better things to do than a blocked thread.
    this.#budget *= blocked ? 0.9 : 0.7;
    return NOT_YET;
  }

  #allowed(): number {
    if (!severalCpus()) return 0;
    if (this.#budget >= SHORTEST) return this.#budget;
    if (++this.#skipped < PROBE_EVERY) return 0;
    this.#skipped = 0;
    return LONGEST;
  }
}

let several: boolean | undefined;

function severalCpus(): boolean {
  several ??= os.availableParallelism() > 1;
  return several;
}
