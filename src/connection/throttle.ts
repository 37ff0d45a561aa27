import { clock } from '../engine/builtins.ts';

/** Milliseconds that a peer waits after its first wrong key; the time doubles with each wrong key, up to the longest. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 1000;
/** Wrong keys are forgotten after this many milliseconds without another one. */
const MEMORY = 60_000;
/** The largest number of remembered addresses; then the oldest is forgotten. */
const MOST_ADDRESSES = 1024;

/** Slows down peers that use wrong keys, by address, so that guessing takes for ever and costs the listener nothing. */
export class Throttle {
  readonly #records = new Map<string, { failures: number; last: number }>();

  /** Returns the milliseconds for which the next connection from there must wait before it is asked for its key. */
  delayFor(address: string): number {
    const record = this.#records.get(address);
    if (record === undefined) return 0;
    if (clock() - record.last > MEMORY) {
      this.#records.delete(address);
      return 0;
    }
    return Math.min(FIRST_DELAY * 2 ** (record.failures - 1), LONGEST_DELAY);
  }

  failed(address: string): void {
    const failures = (this.#records.get(address)?.failures ?? 0) + 1;
    this.#records.delete(address);
    this.#records.set(address, { failures, last: clock() });
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= MOST_ADDRESSES) break;
      this.#records.delete(oldest);
    }
  }

  succeeded(address: string): void {
    this.#records.delete(address);
  }
}
