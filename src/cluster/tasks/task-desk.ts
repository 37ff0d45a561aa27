import { ClusterError, PlacementError } from '../../contracts/errors.ts';
import { clock, randomHex, setImmediate, setTimeout } from '../../engine/builtins.ts';
import { CodeShelf } from '../code/code-shelf.ts';
import type { Gateway, Leased } from '../gateway.ts';
import { Backlog } from './backlog.ts';
import { type BullQueue, openQueue } from './bull.ts';
import { type ResultHeader, readLetter } from './letter.ts';
import { PoolNotice } from './pool-notice.ts';
import { type HostInfo, readHosts } from './read-hosts.ts';
import { removePool } from './remove-pool.ts';
import { ResultStream } from './result-stream.ts';
import { news, newsChannel, place, taskKeys } from './task-keys.ts';

/** A task between its submission and its result. */
export interface DeskTask {
  readonly id: string;
  readonly sealed: Buffer;
  /** How often it may be started. */
  readonly limit: number;
  readonly priority: number;
  readonly resolve: (outcome: DeskOutcome) => void;
  readonly reject: (error: unknown) => void;
  /** The job that carries it, once it is in Redis. */
  job: DeskJob | undefined;
}

interface DeskJob {
  readonly id: string;
  readonly tasks: Set<DeskTask>;
}

/** How a task ended: the packed outcome, the slots that the cluster has, and whether the pool can run nothing. */
export type DeskOutcome = readonly [outcome: Uint8Array, slots: number, isBroken: boolean];

/** What a program says of its pool. */
export interface PoolOrders {
  /** A letter with a `PoolHeader`. */
  readonly letter: Uint8Array;
  /** How many tasks may run at once, 0 without a bound. */
  readonly processes: number;
}

const MOST_IN_BATCH = 32;
const LARGEST_BATCH = 64 * 1024;
/** Milliseconds that a batch should run. */
const BATCH_TIME = 20;
/** So many jobs are in Redis at least, if there are as many. */
const FEWEST_JOBS = 64;
const LOOK_FOR_SLOTS = 2000;
/** Milliseconds that a pool which ends waits for the server. */
const GOODBYE = 3000;
/** Milliseconds between two warnings about messages that were not sealed. */
const WARN_AGAIN = 1000;
/** BullMQ starts jobs with a small number first, and has numbers up to 2 ** 21. */
const MIDDLE_PRIORITY = 2 ** 20;

/** What a gateway does for the tasks of one pool. See README.md, "Tasks". */
export class TaskDesk implements Leased {
  readonly id = randomHex(8);
  readonly keys: readonly string[];
  readonly isLeased = true;
  readonly isHeld = false;
  renewed = 0;
  readonly #gateway: Gateway;
  readonly #names;
  readonly #queue: BullQueue;
  readonly #results: ResultStream;
  readonly #tasks = new Map<string, DeskTask>();
  readonly #backlog = new Backlog<DeskTask>();
  readonly #jobs = new Map<string, DeskJob>();
  readonly #code: CodeShelf;
  #jobCount = 0;
  #slots = 0;
  #slotsRead = -LOOK_FOR_SLOTS;
  /** Milliseconds that a task runs, smoothed; undefined until one has ended. */
  #mean: number | undefined;
  /** All hosts refuse the pool. */
  #isRefused = false;
  #isFlushing = false;
  #refused = 0;
  #warned = -WARN_AGAIN;
  #isOver = false;
  readonly #notice: PoolNotice;
  #renewing: Promise<void> | undefined;

  constructor(gateway: Gateway, orders: PoolOrders) {
    this.#gateway = gateway;
    this.#code = new CodeShelf(gateway);
    this.#names = taskKeys(gateway.namespace, this.id);
    this.keys = [this.#names.pool];
    this.#queue = openQueue(this.#names, gateway.redis.client);
    this.#results = new ResultStream(gateway.redis, this.#names.results, (id, sealed) => this.#take(id, sealed));
    this.#notice = new PoolNotice(gateway, {
      id: this.id,
      names: this.#names,
      ...orders,
      onPosted: async () => {
        await this.#results.begin();
        if (orders.processes > 0) await this.#queue.setGlobalConcurrency(orders.processes);
      },
    });
    this.#notice.posted().catch(() => {});
    gateway.add(this);
  }

  /** Stores a function that tasks will name. */
  store(hash: string, bytes: Uint8Array): void {
    this.#notice.store(hash, bytes);
  }

  /** Keeps a file that tasks need. */
  ship(hash: string, bytes: Uint8Array): void {
    this.#code.add(hash, bytes);
  }

  /** No task will name the function any more. */
  drop(hash: string): void {
    this.#notice.drop(hash);
  }

  /** Has a task run; resolves to how it ended. */
  run(id: string, letter: Uint8Array, limit: number, priority: number): Promise<DeskOutcome> {
    return new Promise((resolve, reject) => {
      const sealed = this.#gateway.seal.seal(letter, place.task(this.id, id, limit));
      const task: DeskTask = { id, sealed, limit, priority, resolve, reject, job: undefined };
      this.#tasks.set(id, task);
      this.#backlog.add(task);
      this.#flushSoon();
    });
  }

  /** The program does not wait for the task any more: it never starts, or is ended. */
  cancel(id: string): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#settle(task);
    task.reject(new ClusterError('The task was cancelled.', 'ERR_DATA_LOST'));
    if (task.job === undefined) this.#backlog.delete(task);
    else void this.#recall(task.job, id).catch(() => {});
  }

  /** How many slots the hosts have. */
  async slots(): Promise<number> {
    await this.#notice.posted();
    await this.#readSlots();
    return this.#slots;
  }

  /** Ends the pool: what runs is ended, and nothing of it stays in Redis. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gateway.remove(this);
    this.#results.close();
    // A server that is out of reach, or does not answer, learns of the end by the lease.
    const late = new Promise<void>((resolve) => void setTimeout(resolve, GOODBYE).unref());
    if (this.#gateway.redis.isReady) await Promise.race([this.#remove(), late]);
  }

  async #remove(): Promise<void> {
    const { redis, namespace } = this.#gateway;
    await this.#notice.settled();
    await this.#renewing;
    // From here on no task can start.
    await redis.command('UNLINK', this.#names.pool, this.#names.tasks);
    await redis.command('PUBLISH', newsChannel(namespace), news.END + this.id);
    await removePool(redis, namespace, this.id);
  }

  renew(): Promise<void> {
    this.#renewing ??= this.#renew()
      .catch(() => {})
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    if (this.#isOver) return;
    const wasThere = await this.#notice.renew(this.#backlog.size);
    await this.#code.renew().catch(() => {});
    if (!this.#isOver) await this.#notice.outlive(this.#jobs.keys(), true);
    if (!wasThere) await this.#reconcile();
  }

  onLost(): void {}

  /** A host refuses the pool. */
  hint(): void {
    this.#slotsRead = -LOOK_FOR_SLOTS;
    void this.#readSlots().catch(() => {});
  }

  /** The connection is there again, or some time has passed. */
  pokeAll(): void {
    void this.renew();
    void this.#readSlots().catch(() => {});
    void this.#reconcile().catch(() => {});
    this.#flushSoon();
  }

  /** Once a turn: the tasks of one turn go out together. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#flush()
        .catch((error) => this.#failAll(error, (task) => task.job === undefined))
        .finally(() => {
          this.#isFlushing = false;
          if (this.#hasRoom) this.#flushSoon();
        });
    });
  }

  get #hasRoom(): boolean {
    return this.#backlog.size > 0 && this.#jobs.size < Math.max(FEWEST_JOBS, 2 * this.#slots) && !this.#isOver;
  }

  async #flush(): Promise<void> {
    await this.#notice.posted();
    await this.#code.settled();
    const reading = this.#readSlots();
    if (this.#slots === 0 || this.#isRefused) await reading;
    else reading.catch(() => {});
    const jobs: DeskJob[] = [];
    const fields: (string | Uint8Array)[] = [];
    while (this.#hasRoom) {
      const batch = this.#nextBatch();
      const job: DeskJob = { id: `j${++this.#jobCount}`, tasks: new Set(batch) };
      for (const task of batch) {
        task.job = job;
        fields.push(task.id, task.sealed);
      }
      this.#jobs.set(job.id, job);
      jobs.push(job);
    }
    if (jobs.length === 0) return;
    try {
      // On one connection, so the tasks are there before the jobs.
      await Promise.all([this.#gateway.redis.command('HSET', this.#names.tasks, ...fields), this.#add(jobs)]);
    } catch (error) {
      for (const job of jobs) {
        for (const task of job.tasks) {
          this.#settle(task);
          task.reject(error);
          this.#gateway.redis.command('HDEL', this.#names.tasks, task.id).catch(() => {});
        }
      }
    }
  }

  /** Tasks of one job run one after the other. Those that may run again go alone, and nobody waits while a slot is free. */
  #nextBatch(): DeskTask[] {
    const first = this.#backlog.shift()!;
    const batch = [first];
    if (first.limit > 1 || this.#mean === undefined || this.#jobs.size < this.#slots) return batch;
    const fair = Math.ceil(this.#backlog.size / (4 * Math.max(1, this.#slots)));
    const most = Math.min(MOST_IN_BATCH, BATCH_TIME / this.#mean, fair);
    let bytes = first.sealed.length;
    for (let next = this.#backlog.peek(); next !== undefined && batch.length < most; next = this.#backlog.peek()) {
      bytes += next.sealed.length;
      if (next.limit > 1 || next.priority !== first.priority || bytes > LARGEST_BATCH) break;
      batch.push(this.#backlog.shift()!);
    }
    return batch;
  }

  /** Adds jobs; one that is there already stays as it is. */
  async #add(jobs: readonly DeskJob[]): Promise<void> {
    const added = jobs.map(({ id, tasks }) => {
      const [first] = tasks;
      const data = { ids: [...tasks].map((task) => task.id), limit: first!.limit };
      return { name: 'tasks', data, opts: { jobId: id, priority: priorityOf(first!.priority) } };
    });
    await this.#gateway.redis.repeated(() => this.#queue.addBulk(added));
    // What is lost of these costs time, nothing else.
    this.#notice.hint().catch(() => {});
    this.#notice
      .outlive(
        jobs.map(({ id }) => id),
        false,
      )
      .catch(() => {});
  }

  async #recall(job: DeskJob, id: string): Promise<void> {
    const { redis, namespace } = this.#gateway;
    await redis.command('HDEL', this.#names.tasks, id);
    await redis.command('PUBLISH', newsChannel(namespace), `${news.CANCEL + this.id} ${id}`);
    if (job.tasks.size === 0) await this.#queue.remove(job.id);
  }

  #take(id: string, sealed: Uint8Array): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    let letter: ReturnType<typeof readLetter<ResultHeader>>;
    try {
      letter = readLetter<ResultHeader>(this.#gateway.seal.open(sealed, place.result(this.id, id)));
    } catch (error) {
      this.#refuse(error as Error);
      return;
    }
    const { ms, isBroken = false } = letter.header;
    this.#mean = this.#mean === undefined ? ms : 0.9 * this.#mean + 0.1 * ms;
    this.#settle(task);
    task.resolve([letter.body, this.#slots, isBroken]);
  }

  /** Warns at most once a second: whoever writes to the server could flood the program otherwise. */
  #refuse(error: Error): void {
    this.#refused++;
    if (clock() - this.#warned < WARN_AGAIN) return;
    this.#warned = clock();
    process.emitWarning(`A result of a task was refused: ${error.message} (${this.#refused} refused so far)`);
  }

  #settle(task: DeskTask): void {
    this.#tasks.delete(task.id);
    const { job } = task;
    if (job === undefined || !job.tasks.delete(task) || job.tasks.size > 0) return;
    this.#jobs.delete(job.id);
    if (this.#backlog.size > 0) this.#flushSoon();
  }

  #failAll(error: unknown, isMeant = (_task: DeskTask) => true): void {
    for (const task of [...this.#tasks.values()].filter(isMeant)) {
      if (task.job === undefined) this.#backlog.delete(task);
      this.#settle(task);
      task.reject(error);
    }
  }

  /** Looks for tasks that the server has lost: after all results were read, a task without result must still be there. */
  async #reconcile(): Promise<void> {
    const { redis } = this.#gateway;
    const jobs = [...this.#jobs.values()];
    if (jobs.length === 0 || !redis.isReady || this.#isOver) return;
    const suspects = jobs.flatMap((job) => [...job.tasks]);
    const there = (await redis.command(
      'HMGET',
      this.#names.tasks,
      ...suspects.map(({ id }) => id),
    )) as (Buffer | null)[];
    await this.#results.readNow();
    const lost = suspects.filter((task, i) => there[i] === null && this.#tasks.get(task.id) === task);
    for (const task of lost) {
      if (task.limit > 1) continue;
      this.#settle(task);
      task.reject(
        new ClusterError(
          'The Redis server has lost a task: it was restarted without its data, or the program was out of reach for longer than the lease. The task may have run.',
          'ERR_DATA_LOST',
        ),
      );
    }
    const again = lost.filter((task) => task.limit > 1);
    if (again.length > 0) {
      await redis.command('HSET', this.#names.tasks, ...again.flatMap(({ id, sealed }) => [id, sealed]));
    }
    await this.#add(jobs.filter((job) => this.#jobs.has(job.id)));
  }

  async #readSlots(): Promise<void> {
    if (clock() - this.#slotsRead < LOOK_FOR_SLOTS && !this.#isRefused) return;
    this.#slotsRead = clock();
    const hosts = await readHosts(this.#gateway.redis, this.#gateway.namespace);
    this.#slots = 0;
    for (const { state, slots } of hosts) if (state === 'up') this.#slots += slots;
    this.#noteRefusals(hosts);
  }

  /** If there are hosts and all of them refuse the pool, nobody would ever run its tasks. */
  #noteRefusals(hosts: readonly HostInfo[]): void {
    const refusals = hosts.map(({ id, refuses }) => ({
      host: id,
      why: refuses.find(({ pool }) => pool === this.id)?.why,
    }));
    this.#isRefused = hosts.length > 0 && refusals.every(({ why }) => why !== undefined);
    if (!this.#isRefused) return;
    const known = refusals as { host: string; why: string }[];
    const text = known.map(({ host, why }) => `${host}: ${why}`).join('; ');
    this.#failAll(new PlacementError(`No host of the cluster can run this pool's tasks. ${text}.`, known));
  }
}

/** A priority as BullMQ has it. */
function priorityOf(priority: number): number {
  const bounded = Math.max(1 - MIDDLE_PRIORITY, Math.min(MIDDLE_PRIORITY - 1, Math.round(priority)));
  return MIDDLE_PRIORITY - bounded;
}
