import { clearInterval, setInterval } from '../engine/builtins.ts';
import type { Redis } from './redis.ts';

/** Part of a lease that may pass between two answers without a break: a program that renews every third of a lease keeps it meanwhile. */
const BREAK = 1 / 3;
/** The part of the shortest lease between two looks. */
const LOOK = 1 / 10;

/**
 * Measures for how long the server has been there without a break, by the server's own clock: keys expire by that clock, even while the server
 * replies to no program. See README.md, "Who is dead".
 */
export class Presence {
  readonly #redis: Redis;
  readonly #own: number;
  /**
   * For each lease, the server's time of the first reply since the last break, in milliseconds; `undefined` before the first reply. A pause that is
   * a break for a short lease may be none for a longer one.
   */
  readonly #since = new Map<number, number | undefined>();
  /** The server's time of the last reply. */
  #last: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isNew = false;

  /** Watches for breaks of this lease. If `isTrusted`, the time before the first reply counts as no break. */
  constructor(redis: Redis, lease: number, isTrusted: boolean) {
    this.#redis = redis;
    this.#own = lease;
    this.#since.set(lease, isTrusted ? Number.NEGATIVE_INFINITY : undefined);
  }

  /** Looks from now on. */
  begin(): void {
    this.#timer ??= this.#every();
  }

  /** Notes that the connection was made anew. */
  interrupt(): void {
    if (this.#last !== undefined) this.#isNew = true;
  }

  /** Watches for breaks of these leases and of its own, and of no other leases. */
  heed(leases: Iterable<number>): void {
    const heeded = new Set([this.#own, ...leases]);
    const before = this.#shortest();
    for (const lease of this.#since.keys()) if (!heeded.has(lease)) this.#since.delete(lease);
    for (const lease of heeded) if (!this.#since.has(lease)) this.#since.set(lease, undefined);
    if (this.#timer === undefined || this.#shortest() === before) return;
    this.close();
    this.begin();
  }

  /** Resolves to true if there was no break up to now for this lease, which is heeded, or longer than one that is. */
  async lasts(lease: number): Promise<boolean> {
    const now = await this.#ask();
    // What is a break for a longer lease is one for a shorter, too.
    const heeded = [...this.#since.keys()].filter((each) => each <= lease);
    const since = this.#since.get(Math.max(...heeded));
    return since !== undefined && now - since > lease;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves to the server's time. */
  async #ask(): Promise<number> {
    const [seconds, micros] = (await this.#redis.command('TIME')) as Buffer[];
    const now = Number(seconds) * 1000 + Number(micros) / 1000;
    const passed = now - (this.#last ?? now);
    for (const [lease, since] of this.#since) {
      // A clock that goes back is another server's, or was set.
      const isBroken = this.#isNew || passed > lease * BREAK || passed < 0;
      if (isBroken || since === undefined) this.#since.set(lease, now);
    }
    this.#isNew = false;
    this.#last = now;
    return now;
  }

  #shortest(): number {
    return Math.min(...this.#since.keys());
  }

  #every(): NodeJS.Timeout {
    return setInterval(() => this.#look(), this.#shortest() * LOOK).unref();
  }

  #look(): void {
    if (this.#isLooking || !this.#redis.isReady) return;
    this.#isLooking = true;
    this.#ask()
      .catch(() => {})
      .finally(() => {
        this.#isLooking = false;
      });
  }
}
