import { outcome } from '../../contracts/executor.ts';
import { assertWhole } from '../../contracts/options.ts';
import { clearInterval, clock, randomHex, setInterval } from '../../engine/builtins.ts';
import type { Pool } from '../../pool/pool.ts';
import { within } from '../../waits/timer.ts';
import { HostedCode } from '../code/hosted-code.ts';
import type { Reply } from '../redis.ts';
import { flag } from '../script-values.ts';
import { TASK } from '../scripts/task.ts';
import { LEAST_LEASE } from '../settings.ts';
import { Blobs } from '../tasks/blobs.ts';
import { ending, NODE, type PoolHeader, PROTOCOL, readLetter } from '../tasks/letter.ts';
import { keptFor } from '../tasks/outlive.ts';
import type { HostedPoolInfo } from '../tasks/read-hosts.ts';
import { countsOf, MOST_IN_JOB, place, QUEUE, stepKeys, type TaskKeys, taskKeys } from '../tasks/task-keys.ts';
import { Claim, statesIn } from './claim.ts';
import type { GroupLog } from './group-log.ts';
import type { HostOfPools } from './host-of-pools.ts';
import { HostedFunctions } from './hosted-functions.ts';
import { openTasks } from './hosted-tasks.ts';
import { JobRun, type JobsOfPool } from './job-run.ts';
import { JobSource, type Verdict } from './job-source.ts';
import { KeptClaims } from './kept-claims.ts';
import { openLocalPool } from './open-local-pool.ts';
import { Results } from './results.ts';
import { packOutcome } from './run-sealed.ts';
import { CANCELLED, DRAINED, lostWith } from './task-errors.ts';

/** One pool on one host: claims its jobs and runs their tasks in workers of this machine. See ../README.md, "Tasks". */
export class HostedPool implements JobsOfPool {
  readonly id: string;
  readonly host: HostOfPools;
  readonly #names: TaskKeys;
  readonly #keys: readonly string[];
  readonly #jobs: JobSource;
  /** Milliseconds after which its silent program, or a silent host of its jobs, counts as dead. */
  readonly lease: number;
  /** Milliseconds for which keys of the pool stay that nobody renews. */
  readonly #life: string;
  readonly header: PoolHeader;
  readonly #initializer: Uint8Array;
  readonly functions: HostedFunctions;
  readonly code: HostedCode;
  readonly blobs: Blobs;
  readonly kept: KeptClaims;
  readonly #idle: (() => void)[] = [];
  readonly #timers: readonly NodeJS.Timeout[];
  #local: Pool | undefined;
  /** The claim that was begun last; the host makes one at a time. */
  #claiming: Promise<unknown> | undefined;
  readonly logs: GroupLog[] = [];
  /** False as long as no job waits, as far as is known: each hint makes it true. */
  #mayHaveJobs = false;
  #used = 0;
  #occupied = 0;
  /** How many tasks of a job are noted together: those of the last job were so short. */
  #together = 1;
  /** No other job was given while one ran. */
  #isAtMost = false;
  #hints = 0;
  /** The host drains, or the pool has ended: claims nothing more. */
  isOver = false;

  /** `sealed` is the sealed letter of the pool. Throws if this host cannot serve the pool. */
  constructor(host: HostOfPools, id: string, sealed: Uint8Array, lease: number) {
    // Any program that can write to the server may have written it.
    assertWhole('the lease of the pool', lease, LEAST_LEASE);
    this.id = id;
    this.host = host;
    this.lease = lease;
    this.#life = String(keptFor(lease));
    this.#names = taskKeys(host.namespace, id);
    this.#keys = stepKeys(this.#names);
    const { header, body } = readLetter<PoolHeader>(host.seal.open(sealed, place.pool(id)));
    assertServable(header, host.labels);
    this.header = header;
    this.#initializer = body;
    this.code = new HostedCode(host, { id, lease, root: header.root, isShipped: header.isShipped });
    this.functions = new HostedFunctions(host, id, this.code);
    this.blobs = new Blobs(host, id, this.#names, lease);
    this.kept = new KeptClaims(host.redis, this.#names, lease);
    this.#jobs = new JobSource(host.redis, this.#names, lease, (job) => {
      void this.#settleLost(job).catch(() => {});
      this.hint(0);
      host.look();
    });
    this.#timers = [setInterval(() => this.kept.renew(), lease / 4), setInterval(() => this.kept.fence(), lease / 20)];
  }

  get info(): HostedPoolInfo {
    return { pool: this.id, name: this.header.name, tasks: [...this.kept.running].map(({ name }) => name) };
  }

  /** Claims a job, if there is one, and begins it; resolves to false if there is none. `onEnd` is called when the slot is free again. */
  async claim(onEnd: () => void): Promise<boolean> {
    if (this.isOver || !this.#mayHaveJobs) return false;
    const claiming = this.#claim(onEnd);
    this.#claiming = claiming.catch(() => {});
    return claiming;
  }

  async #claim(onEnd: () => void): Promise<boolean> {
    const token = randomHex(8);
    const at = clock();
    const hints = this.#hints;
    // Sent behind it, on one connection: the answers come together.
    const first = new Promise<Reply>((resolve, reject) => {
      this.host.redis.together(() => this.take('', token, 0, this.#together).then(resolve, reject));
    });
    const unnote = (job: string | undefined) => first.then((reply) => this.#unnote(reply, token, job)).catch(() => {});
    // A job that comes too late goes to another host.
    const claimed = this.#jobs.claim(token, (late) => unnote(undefined).then(() => this.#jobs.putBack(late, token)));
    // A claim whose reply was lost is made again, and finds another job or none.
    void claimed.then((found) => unnote(found)).catch(() => {});
    first.catch(() => {});
    const job = await claimed;
    if (job === undefined) {
      if (this.#hints === hints) this.#mayHaveJobs = false;
      // With as many jobs as may run at once there may be others, which come later.
      this.#isAtMost = this.kept.claims.size > 0;
      return false;
    }
    const [, id, , waiting] = (await first.catch(() => [])) as Reply;
    if (String(id) === job && waiting === 0 && this.#hints === hints) this.#mayHaveJobs = false;
    const claim = new Claim(token, job, countsOf(job), at);
    this.kept.claims.add(claim);
    this.#occupied++;
    void this.#work(claim, first, onEnd)
      .catch((error) => this.host.warn(`a job of pool ${this.id} was left: ${(error as Error).message}`))
      .finally(() => {
        this.kept.claims.delete(claim);
        this.#used += clock() - claim.began;
        if (this.kept.claims.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
    return true;
  }

  /** The starts that were noted with the claim do not count, unless they are those of this job. */
  async #unnote(reply: Reply, token: string, job: string | undefined): Promise<void> {
    const [word, id] = reply;
    if (String(word) !== 'RUN' || String(id) === job) return;
    const states = statesIn(reply);
    const noted = [...states.keys()].filter((index) => typeof states[index] !== 'string');
    if (noted.length > 0) await this.giveBack(String(id), token, noted);
  }

  /** Looks whether jobs are claimed that could be; `hasSlot` says that the host has a free slot. */
  async watch(hasSlot: boolean): Promise<Verdict> {
    const verdict = await this.#jobs.watch(hasSlot && !this.isOver && this.#occupied < this.host.slots);
    if (verdict !== 'well') this.hint(0);
    return verdict;
  }

  /** Notes that there may be jobs again. A pool that was idle begins with the `usage` of those that were not. */
  hint(usage: number): void {
    if (!this.isBusy) this.#used = Math.max(this.#used, usage);
    this.#hints++;
    this.#mayHaveJobs = true;
  }

  /** True if jobs may wait, as far as is known, and a worker is there for one: those of tasks that lend their slots are not free. */
  get mayClaim(): boolean {
    return this.#mayHaveJobs && !this.isOver && this.#occupied < this.host.slots;
  }

  /** True while jobs of this pool run here, or may wait. */
  get isBusy(): boolean {
    return this.kept.claims.size > 0 || this.#mayHaveJobs;
  }

  /** Milliseconds for which the pool has had slots here. */
  get usage(): number {
    const now = clock();
    let running = 0;
    for (const { began } of this.kept.claims) running += now - began;
    return this.#used + running;
  }

  /** The program does not wait for the task any more. */
  cancel(job: string, index: number): void {
    this.kept.cancel(job, index);
  }

  /** Claims nothing more; resolves when nothing runs here. */
  async drain(): Promise<void> {
    this.isOver = true;
    // The server may have given a job, and noted a start, in an answer that is on its way. After a lease the job is not this host's any more.
    await within(this.lease, this.#claiming);
    while (this.kept.claims.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Ends what runs here, and the workers. `reason` says whether the tasks still count. */
  async end(reason: unknown = CANCELLED): Promise<void> {
    this.isOver = true;
    for (const running of this.kept.running) running.stop(reason);
    if (reason === DRAINED) await this.drain();
    await this.#leave((local) => local.terminate());
  }

  /** Ends the workers in order: nothing runs here any more. */
  async close(): Promise<void> {
    await this.drain();
    await this.#leave((local) => local.close());
  }

  async #leave(end: (local: Pool) => void): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#local !== undefined) end(this.#local);
    // At once: BullMQ's next look for stalled jobs would write keys of a pool that has been removed.
    await Promise.all([this.#jobs.close(), this.#local?.join()]);
    this.code.remove();
  }

  /** Runs the tasks of a job, and calls `onEnd` as soon as the next command to the server may claim another. */
  async #work(claim: Claim, first: Promise<Reply>, onEnd: () => void): Promise<void> {
    const { job, token } = claim;
    let isFree = false;
    const free = () => {
      if (isFree) return;
      isFree = true;
      this.#occupied--;
      // A claim under way may have been refused for this job: what it hears is out of date.
      this.#hints++;
      if (this.#isAtMost) this.#mayHaveJobs = true;
      this.#isAtMost = false;
      onEnd();
    };
    try {
      let reply = await first;
      if (String(reply[1] ?? '') !== job) reply = await this.take(job, token, 0, this.#together);
      this.kept.fence();
      if (claim.isLost) return await this.#leaveUnbegun(claim, reply);
      const results = new Results(
        this.host.seal,
        { place: place.result(this.id, job), blobs: this.blobs, isAlone: claim.count === 1 },
        (isLast, sealed, ranges) => this.#finish(job, token, isLast, sealed, ranges),
      );
      // A stranger may have made the job.
      const isOurs = claim.count >= 1 && claim.count <= MOST_IN_JOB;
      let isWhole = true;
      if (isOurs && String(reply[0]) !== 'GONE') {
        const tasks = openTasks(this.host.seal, reply[2] as Buffer, place.task(this.id, job), claim.count);
        const run = new JobRun(this, claim, tasks, results);
        this.#together = run.together;
        isWhole = await run.all(reply);
      }
      if (claim.isLost) return;
      this.host.redis.together(free);
      // On one connection: the job is done after all of its results, and before another is claimed.
      results.send(isWhole);
      const moved = isWhole ? this.#jobs.complete(job, token) : this.#jobs.putBack(job, token);
      await Promise.all([moved, results.sent()]);
      if (!isWhole) await this.host.hint(this.id);
    } finally {
      free();
    }
  }

  /** The answer was so long in coming that another host may have the job soon. Nothing of it has begun here, so the noted starts do not count. */
  async #leaveUnbegun({ job, token }: Claim, reply: Reply): Promise<void> {
    await this.#unnote(reply, token, undefined);
    // Often the claim is this host's still.
    await this.#jobs.putBack(job, token).then(
      () => this.host.hint(this.id),
      () => {},
    );
  }

  /** Asks for the start of some tasks. */
  take(job: string, token: string, from: number, count: number): Promise<Reply> {
    const prefix = `${this.#names.prefix}:${QUEUE}:`;
    return this.#step('take', job, token, this.host.id, String(from), String(count), prefix, this.#life);
  }

  /** Settles the tasks of a lost host that have no start left, though no slot may be free here. */
  async #settleLost(job: string): Promise<void> {
    const [, ...hosts] = await this.#step('lost', job, '', `${this.#names.prefix}:${QUEUE}:`);
    await Promise.all(hosts.map((host, index) => String(host) && this.spend(job, index, String(host))));
  }

  /** Settles a task that has no start left: the host that finds this does so. */
  async spend(job: string, index: number, host: string): Promise<void> {
    this.host.counts.lost++;
    const error = lostWith(host, 'it was killed, or out of reach for longer than the lease');
    const results = new Results(
      this.host.seal,
      { place: place.result(this.id, job), blobs: this.blobs, isAlone: false },
      (_isLast, sealed, ranges) => this.#finish(job, '', false, sealed, ranges),
    );
    await results.add(index, ending.END, 0, packOutcome([outcome.ERROR, error]), 0);
    results.send(false);
    await results.sent();
  }

  /** The starts of some tasks do not count. */
  giveBack(job: string, token: string, indices: readonly number[]): Promise<Reply> {
    return this.#step('back', job, token, ...indices.map(String));
  }

  stop(): void {
    this.isOver = true;
  }

  broke(): void {
    this.#local = undefined;
  }

  #finish(job: string, token: string, isLast: boolean, sealed: Uint8Array, ranges: string): Promise<Reply> {
    return this.#step('finish', job, token, flag(isLast), sealed, this.#life, ranges);
  }

  #step(...args: (string | Uint8Array)[]): Promise<Reply> {
    return this.host.redis.run({ name: 'mpTask', text: TASK }, this.#keys, args, false);
  }

  workers(): Pool {
    this.#local ??= openLocalPool(this.host, this.header, this.#initializer, this.code.places);
    return this.#local;
  }
}

/** Throws the reason for which this host cannot run the tasks of a pool. */
function assertServable({ protocol, node, where }: PoolHeader, labels: readonly string[]): void {
  const missing = where.filter((label) => !labels.includes(label));
  if (protocol !== PROTOCOL) throw new Error('the program has another version of multiproc');
  if (node > NODE) throw new Error(`the program runs on Node ${node}, and the host on Node ${NODE}`);
  if (missing.length > 0) throw new Error(`the host lacks the label ${missing.join(', ')}`);
}
