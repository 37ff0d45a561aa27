import { within } from '../../waits/timer.ts';
import { Presence } from '../presence.ts';
import type { Redis } from '../redis.ts';
import { LEAST_LEASE } from '../settings.ts';
import { leaseOfQueue } from '../tasks/bull.ts';
import { removePool } from '../tasks/remove-pool.ts';
import { taskKeys } from '../tasks/task-keys.ts';

/** Milliseconds for which running tasks, while they are being ended, may keep the keys of their pool in the server. */
const GOODBYE = 3000;

/** What a host gives to its burials. */
interface BurialPlace {
  readonly redis: Redis;
  readonly namespace: string;
  /** The lease of this host. */
  readonly lease: number;
  /** Ends all tasks of the pool that run on this host. */
  forget(pool: string): Promise<void>;
}

/** Decides which programs are dead, and removes the keys of pools that have ended. See ../README.md, "Who is dead". */
export class Burials {
  readonly #at: BurialPlace;
  readonly #presence: Presence;
  /** Pools that have ended, and are not removed yet. */
  readonly dead = new Set<string>();
  /** Leases of the pools that run here. */
  #hosted: readonly number[] = [];
  /** Pools that are not there, with their leases. */
  #missing: ReadonlyMap<string, number> = new Map();

  constructor(at: BurialPlace) {
    this.#at = at;
    this.#presence = new Presence(at.redis, at.lease, false);
    this.#presence.begin();
  }

  /** The connection was made anew. */
  interrupt(): void {
    this.#presence.interrupt();
  }

  /** Sets the leases of the pools that run here. */
  heed(leases: readonly number[]): void {
    this.#hosted = leases;
    this.#heed();
  }

  /** These pools are not there, with their leases as far as they run here: buries those whose program could have spoken for all of its lease, and has not. */
  async judge(missing: ReadonlyMap<string, number | undefined>): Promise<void> {
    const leases = new Map<string, number>();
    for (const [id, lease] of missing) leases.set(id, lease ?? (await this.#leaseOf(id)));
    this.#missing = leases;
    this.#heed();
    for (const [id, lease] of leases) {
      // In this order: a program that comes back meanwhile finds all of its tasks running, or none of them in the server.
      if ((await this.#presence.lasts(lease)) && (await this.#remove(id))) await this.bury(id);
    }
  }

  /** The lease of a pool that does not run here; that of this host if the server does not know it any more. */
  async #leaseOf(id: string): Promise<number> {
    const { redis, namespace, lease } = this.#at;
    const known = await leaseOfQueue(redis, taskKeys(namespace, id));
    // A program that can write to the server may have written it.
    return Number.isSafeInteger(known) && known >= LEAST_LEASE ? known : lease;
  }

  #heed(): void {
    this.#presence.heed([...this.#hosted, ...this.#missing.values()]);
  }

  /** Ends a pool whose program has ended it or is dead: ends its tasks here, and removes its keys from Redis. */
  async bury(id: string): Promise<void> {
    this.dead.add(id);
    await within(GOODBYE, this.#at.forget(id));
    await this.#remove(id);
    this.dead.delete(id);
  }

  /** Removes the keys of pools that are being buried, and buries no more. */
  async close(): Promise<void> {
    this.#presence.close();
    if (this.#at.redis.isReady) await Promise.all([...this.dead].map((id) => this.#remove(id).catch(() => {})));
  }

  /** Resolves to false if the pool is there: its program is back. */
  #remove(id: string): Promise<boolean> {
    return removePool(this.#at.redis, this.#at.namespace, id);
  }
}
