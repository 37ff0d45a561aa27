import { os } from '../builtins.ts';

/** What an attempt answers while there is nothing to have. */
export const NOT_YET: unique symbol = Symbol('not yet');
export type NotYet = typeof NOT_YET;
/** One try to get something, without waiting. */
export type Attempt<T> = () => T | NotYet;

/** The most tries in a row; one takes 50 to 100 ns. A blocked thread has nothing better to do, an event loop has. */
const MOST_BLOCKED = 1000;
const MOST_LOOPING = 100;
/** After so many waits without a spin, one short spin finds out whether it pays again. */
const PROBE_EVERY = 64;
const PROBE = 32;

/**
 * Tries for a moment before a sleep, because a sleep and a wake-up take some 10 µs and the other side is often just about to
 * deliver. How long follows what came of it lately; with one CPU it never tries, since the other side could not run meanwhile.
 */
export class Spinner {
  #budget = MOST_LOOPING;
  #skipped = 0;

  spin<T>(attempt: Attempt<T>, blocked: boolean): T | NotYet {
    const tries = this.#tries(blocked);
    for (let i = 0; i < tries; i++) {
      const value = attempt();
      if (value === NOT_YET) continue;
      this.#budget = Math.min(this.#budget * 2 + PROBE, MOST_BLOCKED);
      return value;
    }
    if (tries > 0) this.#budget >>= 1;
    return NOT_YET;
  }

  #tries(blocked: boolean): number {
    if (!severalCpus()) return 0;
    if (this.#budget < PROBE) {
      if (++this.#skipped < PROBE_EVERY) return 0;
      this.#skipped = 0;
      return PROBE;
    }
    return Math.min(this.#budget, blocked ? MOST_BLOCKED : MOST_LOOPING);
  }
}

let several: boolean | undefined;

function severalCpus(): boolean {
  several ??= os.availableParallelism() > 1;
  return several;
}
