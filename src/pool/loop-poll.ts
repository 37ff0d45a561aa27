import { clock, setImmediate } from '../builtins.ts';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';

/** Milliseconds: waits with a longer average sleep; the longest poll; the most that one wait counts. */
const WORTH = 0.4;
const LONGEST = 0.4;
const MOST = 1;
/** The weight of the newest wait in the average. */
const NEWEST = 0.2;

/**
 * Waits for something that often comes within some tens of microseconds. Tries again and again, with turns of the event loop in between,
 * before it sleeps at the doorbell, which costs two system calls and a wake-up. Whether it tries depends on the length of the last waits,
 * with or without a sleep.
 */
export class LoopPoll {
  #average = 0;

  /** Calls back with the result of `attempt`. `isWorthIt` may forbid polling when it would pay; otherwise `sleep` waits. */
  wait<T>(
    attempt: () => T | NotYet,
    isWorthIt: () => boolean,
    sleep: () => Promise<T>,
    found: (value: T) => void,
  ): void {
    const start = clock();
    const done = (value: T) => {
      this.#average += (Math.min(MOST, clock() - start) - this.#average) * NEWEST;
      found(value);
    };
    const slept = () => void sleep().then(done);
    if (this.#average > WORTH || !isWorthIt()) {
      slept();
      return;
    }
    const end = start + Math.min(LONGEST, this.#average * 2 + 0.05);
    const look = () => {
      // Some tries for each turn of the event loop, which costs as much as ten tries.
      for (let i = 0; i < 8; i++) {
        const value = attempt();
        if (value === NOT_YET) continue;
        done(value);
        return;
      }
      if (clock() < end) setImmediate(look);
      else slept();
    };
    setImmediate(look);
  }
}
