import { availableParallelism } from 'node:os';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';

/** Milliseconds: the longest poll, the shortest that is worth it, and the first. */
const LONGEST = 0.2;
const SHORTEST = 0.015;
const FIRST = 0.1;
/** After so many waits without a poll, a short one finds out whether it pays again. */
const PROBE_EVERY = 32;

/**
 * Tries again and again for some tens of microseconds, the event loop turning in between, before a sleep at the doorbell that
 * costs two system calls and a wake-up. How long follows what came of it lately.
 */
export class LoopPoll {
  readonly #isWorthIt = availableParallelism() > 1;
  #budget = FIRST;
  #skipped = 0;

  /** Calls back with what `attempt` found, or with `NOT_YET` when it is time to sleep. */
  poll<T>(attempt: () => T | NotYet, found: (value: T | NotYet) => void): void {
    const start = performance.now();
    const budget = this.#next();
    if (budget === 0) {
      found(NOT_YET);
      return;
    }
    const look = () => {
      let value: T | NotYet;
      // A few tries for each turn of the event loop, which costs as much as ten of them.
      for (let i = 0; i < 4; i++) {
        value = attempt();
        if (value === NOT_YET) continue;
        this.#budget = Math.min(LONGEST, Math.max(this.#budget, (performance.now() - start) * 3 + SHORTEST));
        found(value);
        return;
      }
      if (performance.now() - start < budget) {
        setImmediate(look);
        return;
      }
      this.#budget = this.#budget / 2;
      found(NOT_YET);
    };
    setImmediate(look);
  }

  #next(): number {
    if (!this.#isWorthIt) return 0;
    if (this.#budget >= SHORTEST) return this.#budget;
    if (++this.#skipped < PROBE_EVERY) return 0;
    this.#skipped = 0;
    return SHORTEST * 2;
  }
}
