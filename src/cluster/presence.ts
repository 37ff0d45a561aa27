import { clearInterval, setInterval } from '../engine/builtins.ts';
import type { Redis } from './redis.ts';

/** Part of a lease that may pass between two answers without a break; who renews every third of a lease does not miss it by that. */
const BREAK = 1 / 3;
/** Part of a lease between two looks. */
const LOOK = 1 / 10;

/**
 * Knows for how long the server has been there without a break, by the server's own clock: keys expire by that clock, also while the server
 * answers nobody. See README.md, "Who is dead".
 */
export class Presence {
  readonly #redis: Redis;
  #lease: number;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isNew = false;
  /** The server's time of the first answer since the last break, and of the last one, in milliseconds. */
  #since = Number.NEGATIVE_INFINITY;
  #last: number | undefined;

  /** `isTrusted`: what was before the first answer counts as no break. */
  constructor(redis: Redis, lease: number, isTrusted: boolean) {
    this.#redis = redis;
    this.#lease = lease;
    this.#isNew = !isTrusted;
  }

  /** Looks from now on. What was before is not known. */
  begin(): void {
    this.#timer ??= this.#every();
  }

  /** The connection was made anew. */
  interrupt(): void {
    if (this.#last !== undefined) this.#isNew = true;
  }

  /** Leases as short as this one count, too. */
  heed(lease: number): void {
    if (lease >= this.#lease) return;
    this.#lease = lease;
    this.close();
    this.begin();
  }

  /** Resolves to true if there was no break for so many milliseconds up to now. */
  async lasts(milliseconds: number): Promise<boolean> {
    const [seconds, micros] = (await this.#redis.command('TIME')) as Buffer[];
    const now = Number(seconds) * 1000 + Number(micros) / 1000;
    const passed = now - (this.#last ?? now);
    // One that goes back is another server's clock, or was set.
    if (this.#isNew || passed > this.#lease * BREAK || passed < 0) this.#since = now;
    this.#isNew = false;
    this.#last = now;
    return now - this.#since > milliseconds;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #every(): NodeJS.Timeout {
    return setInterval(() => this.#look(), this.#lease * LOOK).unref();
  }

  #look(): void {
    if (this.#isLooking || !this.#redis.isReady) return;
    this.#isLooking = true;
    this.lasts(0)
      .catch(() => {})
      .finally(() => {
        this.#isLooking = false;
      });
  }
}
