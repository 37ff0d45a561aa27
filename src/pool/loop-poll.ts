import { clock, setImmediate } from '../builtins.ts';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';

/** Milliseconds: waits that take longer on average are slept through; the longest poll; what one wait counts at most. */
const WORTH = 0.4;
const LONGEST = 0.4;
const MOST = 1;
/** The part of the newest wait in the average. */
const NEWEST = 0.2;

/**
 * Waits for something that often comes within some tens of microseconds: tries again and again, the event loop turning in
 * between, before a sleep at the doorbell that costs two system calls and a wake-up. Whether it tries follows how long the last
 * waits took, those with a sleep included.
 */
export class LoopPoll {
  #average = 0;

  /** Calls back with what `attempt` found; `isWorthIt` may say no once it would pay, `sleep` waits otherwise. */
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
      // A few tries for each turn of the event loop, which costs as much as ten of them.
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
