import { type Shared, share } from '../../channel/shared-copy.ts';
import { AuthenticationError, ClusterError, TimeoutError, WorkerLostError } from '../../contracts/errors.ts';
import { outcome, type Way } from '../../contracts/executor.ts';
import { clearInterval, clock, randomHex, setInterval } from '../../engine/builtins.ts';
import { Pool } from '../../pool/pool.ts';
import { type CodeOfHost, HostedCode, UnservableError } from '../code/hosted-code.ts';
import type { HostDoor } from '../host-link.ts';
import type { Redis, Reply } from '../redis.ts';
import { SPEND, TASK } from '../scripts/task.ts';
import type { Seal } from '../seal.ts';
import { type BullJob, extendClaim } from '../tasks/bull.ts';
import {
  type FunctionHeader,
  NODE,
  type PoolHeader,
  PROTOCOL,
  type ResultHeader,
  readLetter,
  type TaskHeader,
  writeLetter,
} from '../tasks/letter.ts';
import type { HostedPoolInfo } from '../tasks/read-hosts.ts';
import { place, type TaskKeys, taskKeys } from '../tasks/task-keys.ts';
import { JobSource, type Verdict } from './job-source.ts';
import { finalizeSealed, initializeSealed, packOutcome, runSealed } from './run-sealed.ts';

/** What a pool needs of its host. */
export interface HostOfPools extends CodeOfHost {
  readonly id: string;
  readonly namespace: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly seal: Seal;
  readonly redis: Redis;
  /** How its workers reach objects of the cluster. */
  readonly door: HostDoor;
  readonly counts: { started: number; done: number; failed: number; lost: number };
  /** Claims jobs as long as a slot is free. */
  look(): void;
  /** Tells all hosts that there is a job. */
  hint(pool: string): Promise<void>;
  /** Serves a pool no more, for this reason. */
  refuse(pool: string, why: string): void;
  warn(text: string): void;
  /** Counts what was not sealed for its place. */
  countForged(error: Error): void;
}

/** How many tasks of a batch a host gives to its workers at once. */
const AT_ONCE = 8;
/** Functions that a host keeps for its workers. */
const MOST_FUNCTIONS = 64;

/** A job that runs here, and the claim by which the server knows it. */
interface Claim {
  readonly token: string;
  readonly job: BullJob;
  /** When the server was last told that it is being worked on. */
  renewed: number;
  /** True once another host may have the job. */
  isLost: boolean;
}

/** A task whose start the server has noted. */
interface Taken {
  readonly sealed: Buffer;
  readonly starts: number;
}

/** A task that runs here. */
interface Running {
  readonly claim: Claim;
  readonly stop: AbortController;
  /** The name of its function, once it is known. */
  name: string;
}

/** Why a task was stopped from outside: there is no result to send. */
const CANCELLED = new Error('cancelled');
const LOST = new Error('lost');
/** The task is to run once more. */
const AGAIN = 'again';
/** What local workers call every task. */
const OURS = `${runSealed.name}()`;
/** The host stops before the task has ended. */
export const DRAINED = new Error('drained');

/** One pool on one host: claims its jobs and runs their tasks in workers of this machine. See ../README.md, "Tasks". */
export class HostedPool {
  readonly id: string;
  readonly #host: HostOfPools;
  readonly #names: TaskKeys;
  readonly #keys: readonly string[];
  readonly #jobs: JobSource;
  /** Milliseconds after which its silent program, or a silent host of its jobs, counts as dead. */
  readonly lease: number;
  readonly #header: PoolHeader;
  readonly #initializer: Uint8Array;
  readonly #functions = new Map<string, Shared<Uint8Array>>();
  readonly #code: HostedCode;
  readonly #claims = new Set<Claim>();
  readonly #running = new Map<string, Running>();
  readonly #idle: (() => void)[] = [];
  readonly #timers: readonly NodeJS.Timeout[];
  #local: Pool | undefined;
  /** The host drains, or the pool has ended: claims nothing more. */
  #isOver = false;

  /** `sealed` is the sealed letter of the pool. Throws if this host cannot serve the pool. */
  constructor(host: HostOfPools, id: string, sealed: Uint8Array, lease: number) {
    this.id = id;
    this.#host = host;
    this.lease = lease;
    this.#names = taskKeys(host.namespace, id);
    const { tasks, starts, pool, results } = this.#names;
    this.#keys = [tasks, starts, pool, results];
    const { header, body } = readLetter<PoolHeader>(host.seal.open(sealed, place.pool(id)));
    assertServable(header, host.labels);
    this.#header = header;
    this.#initializer = body;
    this.#code = new HostedCode(host, id, header.root, header.isShipped);
    this.#jobs = new JobSource(host.redis, this.#names, lease, () => host.look());
    this.#timers = [setInterval(() => this.#renew(), lease / 4), setInterval(() => this.#fence(), lease / 20)];
  }

  get info(): HostedPoolInfo {
    return { pool: this.id, name: this.#header.name, tasks: [...this.#running.values()].map(({ name }) => name) };
  }

  /** The number of jobs that run here. */
  get running(): number {
    return this.#claims.size;
  }

  /** Claims a job, if there is one, and begins it; resolves to false if there is none. `onEnd` is called when the slot is free again. */
  async claim(onEnd: () => void): Promise<boolean> {
    if (this.#isOver) return false;
    const token = randomHex(8);
    const at = clock();
    const job = await this.#jobs.claim(token);
    if (job === undefined) return false;
    const claim: Claim = { token, job, renewed: at, isLost: false };
    this.#claims.add(claim);
    void this.#work(claim)
      .catch((error) => this.#host.warn(`a job of pool ${this.id} was left: ${(error as Error).message}`))
      .finally(() => {
        this.#claims.delete(claim);
        if (this.#claims.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
        onEnd();
      });
    return true;
  }

  /** Looks whether jobs are claimed that could be; `hasSlot` says that the host has a free slot. */
  async watch(hasSlot: boolean): Promise<Verdict> {
    return await this.#jobs.watch(hasSlot && !this.#isOver);
  }

  /** The program does not wait for the task any more. */
  cancel(task: string): void {
    this.#running.get(task)?.stop.abort(CANCELLED);
  }

  /** Claims nothing more; resolves when nothing runs here. */
  async drain(): Promise<void> {
    this.#isOver = true;
    while (this.#claims.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Ends what runs here, and the workers. `reason` says whether the tasks still count. */
  async end(reason: unknown = CANCELLED): Promise<void> {
    this.#isOver = true;
    for (const { stop } of this.#running.values()) stop.abort(reason);
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
    await this.#local?.join();
    this.#code.remove();
    await this.#jobs.close();
  }

  /** Runs the tasks of a job. Those of a batch are small: a few of them go to the local workers at once, so that none waits for the next. */
  async #work(claim: Claim): Promise<void> {
    const { ids, limit } = claim.job.data;
    const sending: Promise<unknown>[] = [];
    let again = false;
    let at = 0;
    const runOn = async () => {
      while (at < ids.length && !this.#isOver && !claim.isLost) {
        const id = ids[at++]!;
        const taken = await this.#start(id, claim, limit);
        if (taken === undefined || claim.isLost) continue;
        if ((await this.#run(id, claim, limit, taken, sending)) === AGAIN) again = true;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, runOn));
    if (claim.isLost) return;
    again ||= at < ids.length;
    // A job is done when all of its results are there.
    await Promise.all(sending);
    const { job, token } = claim;
    if (!again) {
      await job.moveToCompleted('', token, false);
      return;
    }
    await job.moveToWait(token);
    await this.#host.hint(this.id);
  }

  /** Notes that the task starts. Resolves to it, and to how often it was started; to undefined if there is nothing to run. */
  async #start(id: string, { token }: Claim, limit: number): Promise<Taken | undefined> {
    const [word, value, starts] = await this.#step('take', id, token, this.#host.id, String(limit));
    const { counts } = this.#host;
    if (String(word) === 'RUN') {
      counts.started++;
      return { sealed: value as Buffer, starts: starts as number };
    }
    if (String(word) === 'SPENT') {
      counts.lost++;
      const error = lostWith(String(value), 'it was killed, or out of reach for longer than the lease');
      const result = this.#result(id, { ms: 0 }, packOutcome([outcome.ERROR, error]));
      await this.#host.redis.run({ name: 'mpSpend', text: SPEND }, this.#keys, [id, result], false);
    }
    return undefined;
  }

  /** Runs a task and sends its result, unless it is to run again. `sending` gets what ends when the result is there. */
  async #run(
    id: string,
    claim: Claim,
    limit: number,
    { sealed, starts }: Taken,
    sending: Promise<unknown>[],
  ): Promise<typeof AGAIN | undefined> {
    const stop = new AbortController();
    const running: Running = { claim, stop, name: 'a task' };
    this.#running.set(id, running);
    let ms = 0;
    let isFailure = true;
    let packed: Uint8Array;
    let isBroken = false;
    try {
      const { header, body } = readLetter<TaskHeader>(this.#host.seal.open(sealed, place.task(this.id, id, limit)));
      running.name = header.name;
      if (this.#header.code !== undefined) await this.#code.bring(this.#header.code);
      if (header.code !== undefined) await this.#code.bring(header.code);
      const fn = await this.#function(header.fn);
      const options = { signal: stop.signal, ...(header.timeout !== undefined && { timeout: header.timeout }) };
      const [failed, bytes, ran] = await this.#workers().apply(
        runSealed,
        [fn, header.fn, header.how as Way, header.start, body],
        options,
      );
      if (failed && starts < limit) return AGAIN;
      packed = bytes;
      ms = ran;
      isFailure = failed;
    } catch (error) {
      if (error === CANCELLED || error === LOST) return undefined;
      if (error instanceof UnservableError) {
        this.#isOver = true;
        await this.#step('back', id, claim.token);
        this.#host.refuse(this.id, error.message);
        return AGAIN;
      }
      if (error === DRAINED && limit > 1) {
        await this.#step('back', id, claim.token);
        return AGAIN;
      }
      const end = error === DRAINED ? lostWith(this.#host.id, 'it was told to stop, and its grace was over') : error;
      if (end instanceof AuthenticationError) this.#host.countForged(end);
      isBroken = !isOfTask(end);
      if (isBroken) this.#local = undefined;
      else if (end instanceof WorkerLostError && error !== DRAINED && starts < limit) return AGAIN;
      packed = packOutcome([outcome.ERROR, inWordsOf(end, running.name, this.#host.id)]);
    } finally {
      this.#running.delete(id);
    }
    this.#host.counts.done++;
    if (isFailure) this.#host.counts.failed++;
    const result = this.#result(id, { ms, ...(isBroken && { isBroken }) }, packed);
    sending.push(this.#step('finish', id, claim.token, result));
    return undefined;
  }

  #step(...args: (string | Uint8Array)[]): Promise<Reply> {
    return this.#host.redis.run({ name: 'mpTask', text: TASK }, this.#keys, args, false);
  }

  #result(id: string, header: ResultHeader, packed: Uint8Array): Buffer {
    return this.#host.seal.seal(writeLetter(header, packed), place.result(this.id, id));
  }

  async #function(hash: string): Promise<Shared<Uint8Array>> {
    const known = this.#functions.get(hash);
    if (known !== undefined) return known;
    const sealed = (await this.#host.redis.command('HGET', this.#names.functions, hash)) as Buffer | null;
    if (sealed === null) {
      throw new ClusterError('The Redis server has lost the function of a task: submit it again.', 'ERR_DATA_LOST');
    }
    const letter = this.#host.seal.open(sealed, place.fn(this.id, hash));
    const { code } = readLetter<FunctionHeader>(letter).header;
    if (code !== undefined) await this.#code.bring(code);
    const shared = share(letter);
    this.#functions.set(hash, shared);
    if (this.#functions.size > MOST_FUNCTIONS) this.#functions.delete(this.#functions.keys().next().value!);
    return shared;
  }

  /** The workers of this machine, which start when there is work. */
  #workers(): Pool {
    if (this.#local !== undefined) return this.#local;
    const { hasInitializer, name, concurrency, env, maxTasksPerChild, maxMemoryPerChild } = this.#header;
    this.#local = new Pool({
      name,
      concurrency,
      env,
      maxTasksPerChild,
      maxMemoryPerChild,
      cluster: false,
      processes: this.#host.slots,
      initializer: initializeSealed,
      initargs: [this.#host.door, this.#code.places, hasInitializer ? share(this.#initializer) : undefined],
      ...(hasInitializer && { finalizer: finalizeSealed }),
    });
    return this.#local;
  }

  /** Tells the server that the jobs are being worked on. */
  #renew(): void {
    // A hint of a cancelled task may have been lost.
    for (const [id, { stop }] of this.#running) {
      this.#host.redis.command('HEXISTS', this.#names.tasks, id).then(
        (isThere) => isThere === 0 && stop.abort(CANCELLED),
        () => {},
      );
    }
    for (const claim of this.#claims) {
      if (!this.#host.redis.isReady || claim.isLost) continue;
      const at = clock();
      extendClaim(this.#host.redis, this.#names, claim.job.id, claim.token, this.lease).then(
        (isMine) => {
          if (isMine) claim.renewed = at;
          else if (this.#claims.has(claim)) this.#lose(claim);
        },
        () => {},
      );
    }
  }

  /** What another host may have soon is ended here, before the lease is over. */
  #fence(): void {
    const oldest = clock() - 0.8 * this.lease;
    for (const claim of this.#claims) if (claim.renewed < oldest && !claim.isLost) this.#lose(claim);
  }

  #lose(claim: Claim): void {
    claim.isLost = true;
    for (const running of this.#running.values()) if (running.claim === claim) running.stop.abort(LOST);
  }
}

/** Throws the reason for which this host cannot run the tasks of a pool. */
function assertServable({ protocol, node, where }: PoolHeader, labels: readonly string[]): void {
  const missing = where.filter((label) => !labels.includes(label));
  if (protocol !== PROTOCOL) throw new Error('the program has another version of multiproc');
  if (node > NODE) throw new Error(`the program runs on Node ${node}, and the host on Node ${NODE}`);
  if (missing.length > 0) throw new Error(`the host lacks the label ${missing.join(', ')}`);
}

/** True for an error of one task. Any other was thrown by the initializer, and no task can run. */
function isOfTask(error: unknown): boolean {
  return [TimeoutError, WorkerLostError, ClusterError, AuthenticationError].some((Class) => error instanceof Class);
}

function lostWith(host: string, why: string): WorkerLostError {
  return new WorkerLostError(`The host ${host} that ran the task is lost: ${why}.`, undefined, undefined, undefined, {
    host,
  });
}

/** The error with the name of the user's function in place of ours, and the host. */
function inWordsOf(error: unknown, name: string, host: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error.message.includes(OURS)) error.message = error.message.replace(OURS, () => name);
  return error instanceof WorkerLostError ? Object.assign(error, { host }) : error;
}
