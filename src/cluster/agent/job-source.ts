import { clearInterval, clock, setInterval } from '../../engine/builtins.ts';
import type { Redis } from '../redis.ts';
import {
  type BullWorker,
  claimJob,
  completeJob,
  lookInterval,
  nextJob,
  openWorker,
  putBackJob,
} from '../tasks/bull.ts';
import { outliveAfter } from '../tasks/outlive.ts';
import type { TaskKeys } from '../tasks/task-keys.ts';

/** The number of times in a row that a host opens its worker anew without getting a job; after that it ends. */
const MOST_TIMES = 3;

/** What `watch` found: all is well, BullMQ's worker was opened anew, or opening it does not help any more. */
export type Verdict = 'well' | 'renewed' | 'hopeless';

/** Claims the jobs of one pool, and watches BullMQ: its worker may fall silent without an error. */
export class JobSource {
  readonly #redis: Redis;
  readonly #names: TaskKeys;
  readonly #lease: number;
  readonly #onStalled: (job: string) => void;
  readonly #timer: NodeJS.Timeout;
  #worker: BullWorker;
  /** Gives up the claim under way. */
  #abandon = (): void => {};
  /** The job that waits although a slot is free, since when, and how many times in a row that has lasted too long. */
  #waiting: string | undefined;
  #since = 0;
  #times = 0;

  /** `onStalled` is called when a job of a lost host has come back. */
  constructor(redis: Redis, names: TaskKeys, lease: number, onStalled: (job: string) => void) {
    this.#redis = redis;
    this.#names = names;
    this.#lease = lease;
    this.#onStalled = onStalled;
    this.#worker = this.#open();
    this.#timer = setInterval(() => this.#lookForLost(), lookInterval(lease));
  }

  /** Claims the next job under this token; resolves to undefined if there is none. A job that comes when nobody waits for it any more goes to `giveBack`. */
  async claim(token: string, giveBack: (job: string) => Promise<unknown>): Promise<string | undefined> {
    const job = await new Promise<string | undefined>((resolve, reject) => {
      let isAbandoned = false;
      // A call to a silent worker may never resolve, or resolve after the claim was given up.
      this.#abandon = () => {
        isAbandoned = true;
        resolve(undefined);
      };
      claimJob(this.#worker, token).then((found) => {
        if (isAbandoned && found !== undefined) void giveBack(found).catch(() => {});
        resolve(found);
      }, reject);
    });
    if (job !== undefined) {
      this.#waiting = undefined;
      this.#times = 0;
    }
    return job;
  }

  /** A job that was claimed under this token is done. */
  complete(job: string, token: string): Promise<unknown> {
    return completeJob(this.#worker, job, token);
  }

  /** A job that was claimed under this token waits again, for any host. */
  putBack(job: string, token: string): Promise<unknown> {
    return putBackJob(this.#worker, job, token);
  }

  /** Looks whether a job waits that should have been claimed. If the same one has waited for half a lease, opens BullMQ's worker anew. */
  async watch(hasSlot: boolean): Promise<Verdict> {
    const next = hasSlot ? await nextJob(this.#redis, this.#names) : undefined;
    const now = clock();
    if (next === undefined || next !== this.#waiting) {
      this.#waiting = next;
      this.#since = now;
      return 'well';
    }
    if (now - this.#since < this.#lease / 2) return 'well';
    this.#since = now;
    if (++this.#times >= MOST_TIMES) return 'hopeless';
    const silent = this.#worker;
    this.#worker = this.#open();
    this.#abandon();
    void silent.close(true).catch(() => {});
    return 'renewed';
  }

  /** Claims nothing more, and writes nothing more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker.close(true).catch(() => {});
  }

  /** Looks for jobs whose host has died. The keys that BullMQ writes must not stay if the pool is gone, even if this host dies before it learns of that. */
  #lookForLost(): void {
    if (!this.#redis.isReady) return;
    outliveAfter(this.#redis, this.#names, this.#lease);
    void this.#worker.moveStalledJobsToWait().catch(() => {});
  }

  #open(): BullWorker {
    return openWorker(this.#names, this.#redis.client, this.#lease, this.#onStalled);
  }
}
