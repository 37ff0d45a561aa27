import { clock } from '../../engine/builtins.ts';
import type { Redis } from '../redis.ts';
import { extendClaim } from '../tasks/bull.ts';
import type { TaskKeys } from '../tasks/task-keys.ts';
import type { Claim } from './claim.ts';
import { CANCELLED, LOST } from './task-errors.ts';

/** A task that runs under a claim. */
export interface Running {
  readonly claim: Claim;
  /** Its place in the job. */
  readonly index: number;
  /** The name of its function. */
  readonly name: string;
  /** Ends the task. */
  stop(reason: unknown): void;
}

/** The claims of one pool on one host, and the tasks that run under them. Renews the claims, and ends tasks of claims that this host has lost. */
export class KeptClaims {
  readonly claims = new Set<Claim>();
  readonly running = new Set<Running>();
  readonly #redis: Redis;
  readonly #names: TaskKeys;
  readonly #lease: number;

  constructor(redis: Redis, names: TaskKeys, lease: number) {
    this.#redis = redis;
    this.#names = names;
    this.#lease = lease;
  }

  /** Extends the claims in the server. */
  renew(): void {
    // A hint of a cancelled task may have been lost.
    for (const running of this.running) {
      this.#redis.command('HGET', this.#names.starts, `${running.claim.job}.${running.index}`).then(
        // Nothing runs any more under a claim whose end has just come to the server.
        (state) => (state === null || String(state) === 'd') && !running.claim.isLost && running.stop(CANCELLED),
        () => {},
      );
    }
    for (const claim of this.claims) {
      if (!this.#redis.isReady || claim.isLost) continue;
      const at = clock();
      extendClaim(this.#redis, this.#names, claim.job, claim.token, this.#lease).then(
        (isMine) => {
          if (isMine) claim.renewed = at;
          else if (this.claims.has(claim)) this.#lose(claim);
        },
        () => {},
      );
    }
  }

  /** Ends the tasks of claims that another host may have soon, before the lease is over. */
  fence(): void {
    const oldest = clock() - 0.8 * this.#lease;
    for (const claim of this.claims) if (claim.renewed < oldest && !claim.isLost) this.#lose(claim);
  }

  /** Ends a cancelled task. */
  cancel(job: string, index: number): void {
    for (const running of this.running) {
      if (running.claim.job === job && running.index === index) running.stop(CANCELLED);
    }
  }

  #lose(claim: Claim): void {
    claim.isLost = true;
    for (const running of this.running) if (running.claim === claim) running.stop(LOST);
  }
}
