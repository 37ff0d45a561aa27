import { clock } from '../engine/builtins.ts';
import { platform } from '../platform/choose.ts';
import { type Attempt, NOT_YET, type NotYet } from '../waits/attempt.ts';
import { mayPoll } from '../waits/may-poll.ts';

/** The longest spin in ms: as long as a sleeping process takes to wake up, so that one side spins until the other spins too. */
const LONGEST = 0.06;
/** Shorter spins are not worth the effort. */
const SHORTEST = 0.002;
/** After this many waits without a spin, one long spin finds out whether spinning pays again. */
const PROBE_EVERY = 32;
/** The number of tries between two reads of the clock, each of which takes 20 to 100 ns, and between two system calls, each 300 ns. */
const TRIES = 16;

/**
 * Tries for a moment before a sleep, because a sleep and a wake-up take 10 to 50 µs and the other side is often about to deliver. The
 * length of a spin follows the success of recent ones.
 */
export class Spinner {
  /** The length of the next spin, in ms. */
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
        this.#note(clock() - start, blocked);
        return value;
      }
      // The other side may wait for this very CPU: the system often puts two members that wake each other on one CPU.
      platform().yieldCpu();
    } while (clock() < start + budget);
    this.#shorten(blocked);
    return NOT_YET;
  }

  /** A spin has succeeded after this time. If that is longer than any spin lasts, others had the CPU: a sleep would have served as well, and left it to them at once. */
  #note(took: number, blocked: boolean): void {
    if (took > LONGEST) this.#shorten(blocked);
    else this.#budget = Math.min(Math.max(this.#budget, took * 2 + SHORTEST), LONGEST);
  }

  #shorten(blocked: boolean): void {
    // An event loop has other work to do; a blocked thread has not.
    this.#budget *= blocked ? 0.9 : 0.7;
  }

  #allowed(): number {
    if (!mayPoll()) return 0;
    if (this.#budget >= SHORTEST) return this.#budget;
    if (++this.#skipped < PROBE_EVERY) return 0;
    this.#skipped = 0;
    return LONGEST;
  }
}
