import { retryDelayOf } from '../../contracts/retry-delay.ts';
import { clearTimeout, queueMicrotask, randomHex, setImmediate, setTimeout } from '../../engine/builtins.ts';
import { CodeShelf } from '../code/code-shelf.ts';
import type { Gateway, Leased } from '../gateway.ts';
import { TASK } from '../scripts/task.ts';
import { Backlog } from './backlog.ts';
import { type BullQueue, describeQueue, openQueue, priorityOf } from './bull.ts';
import type { DeskJob, DeskNews, DeskOutcome, DeskTask, TaskOrder } from './desk-task.ts';
import { ending, type ResultsHeader, readLetter } from './letter.ts';
import { lostByServer } from './lost-by-server.ts';
import { nextBatch } from './next-batch.ts';
import { outliveAfter } from './outlive.ts';
import { packTasks } from './pack-tasks.ts';
import { PoolHosts } from './pool-hosts.ts';
import { PoolNotice } from './pool-notice.ts';
import type { PoolOrders } from './pool-orders.ts';
import { RefusedResults } from './refused-results.ts';
import { removePool } from './remove-pool.ts';
import { ResultStream } from './result-stream.ts';
import { jobId, news, newsChannel, place, stepKeys, taskKeys } from './task-keys.ts';

/** The number of jobs that are kept in Redis at least, if there are as many. */
const FEWEST_JOBS = 64;
/** Milliseconds that a pool which ends waits for the server. */
const GOODBYE = 3000;

/** What a gateway does for the tasks of one pool. See README.md, "Tasks". */
export class TaskDesk implements Leased {
  readonly id = randomHex(8);
  readonly keys: readonly string[];
  readonly isLeased = true;
  readonly isHeld = false;
  renewed = 0;
  readonly #gateway: Gateway;
  readonly #orders: PoolOrders;
  readonly #names;
  readonly #scriptKeys: readonly string[];
  readonly #queue: BullQueue;
  readonly #results: ResultStream;
  readonly #hosts: PoolHosts;
  readonly #tasks = new Map<number, DeskTask>();
  readonly #backlog = new Backlog<DeskTask>();
  readonly #jobs = new Map<string, DeskJob>();
  readonly #code: CodeShelf;
  #jobCount = 0;
  #submissions = 0;
  /** Milliseconds that a task runs, smoothed; undefined until one has ended. */
  #mean: number | undefined;
  #isFlushing = false;
  #isOver = false;
  #outcomes: DeskOutcome[] = [];
  #tell: ((news: DeskNews) => void) | undefined;
  readonly #refused = new RefusedResults();
  readonly #notice: PoolNotice;
  #renewing: Promise<void> | undefined;

  constructor(gateway: Gateway, orders: PoolOrders) {
    this.#gateway = gateway;
    this.#orders = orders;
    this.#code = new CodeShelf(gateway);
    this.#names = taskKeys(gateway.namespace, this.id);
    const { pool, results } = this.#names;
    this.keys = [pool];
    this.#scriptKeys = stepKeys(this.#names);
    this.#queue = openQueue(this.#names, gateway.redis.client);
    this.#results = new ResultStream(gateway.redis, results, (job, sealed, accepted) =>
      this.#take(job, sealed, accepted),
    );
    const hasTasks = () => this.#tasks.size > 0;
    this.#hosts = new PoolHosts(gateway, this.id, hasTasks, (error) => this.#failAll(error));
    this.#notice = new PoolNotice(gateway, {
      id: this.id,
      names: this.#names,
      ...orders,
      onPosted: () => this.#begin(),
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

  /** Takes tasks to have them run. */
  submit(orders: readonly TaskOrder[]): void {
    for (const order of orders) {
      const { id, priority } = order;
      const task: DeskTask = { order, priority, tried: 0, submission: 0, job: undefined, index: 0, timer: undefined };
      this.#tasks.set(id, task);
      this.#backlog.add(task);
    }
    this.#flushSoon();
  }

  /** Takes tasks to have them run, and resolves as `next()`. */
  run(orders: readonly TaskOrder[]): Promise<DeskNews> {
    this.submit(orders);
    return this.next();
  }

  /** Resolves to how tasks ended, as soon as one has; to none if there is none to wait for. The program asks once at a time. */
  next(): Promise<DeskNews> {
    return new Promise((resolve) => {
      this.#tell = resolve;
      if (this.#outcomes.length > 0 || this.#tasks.size === 0) this.#report();
    });
  }

  /** The program does not wait for the task any more: it never starts, or is ended. */
  cancel(id: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    const { job, index } = task;
    this.#settle(task);
    if (job !== undefined) void this.#recall(job, index).catch(() => {});
    if (this.#tasks.size === 0) this.#report();
  }

  /** How many slots the hosts have. */
  async slots(): Promise<number> {
    await this.#notice.posted();
    await this.#hosts.look();
    return this.#hosts.slots;
  }

  /** Ends the pool: what runs is ended, and nothing of it stays in Redis. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#gateway.remove(this);
    this.#results.close();
    this.#hosts.close();
    this.#tell?.([0, []]);
    for (const { timer } of this.#tasks.values()) if (timer !== undefined) clearTimeout(timer);
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
    if (!this.#isOver) await this.#notice.outlive(this.#jobs.keys());
    if (!wasThere) await this.#reconcile();
  }

  onLost(): void {}

  /** A host refuses the pool. */
  hint(): void {
    void this.#hosts.look(true).catch(() => {});
  }

  /** The connection is there again, or some time has passed. */
  pokeAll(): void {
    void this.renew();
    void this.#hosts.look().catch(() => {});
    void this.#reconcile().catch(() => {});
    this.#flushSoon();
  }

  /** The server has the pool, perhaps again. */
  async #begin(): Promise<void> {
    if (this.#submissions === 0) {
      const [seconds, micros] = (await this.#gateway.redis.command('TIME')) as Buffer[];
      this.#submissions = Number(seconds) * 1e6 + Number(micros);
    }
    await this.#results.begin();
    outliveAfter(this.#gateway.redis, this.#names, this.#gateway.lease);
    await describeQueue(this.#gateway.redis, this.#names, this.#queue, this.#orders.processes);
  }

  /** Once a turn: the tasks of one turn go out together. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#flush()
        .catch((error) => this.#failAll(error, ({ job, timer }) => job === undefined && timer === undefined))
        .finally(() => {
          this.#isFlushing = false;
          if (this.#hasRoom) this.#flushSoon();
        });
    });
  }

  get #hasRoom(): boolean {
    return this.#backlog.size > 0 && this.#jobs.size < Math.max(FEWEST_JOBS, 2 * this.#hosts.slots) && !this.#isOver;
  }

  async #flush(): Promise<void> {
    await this.#notice.posted();
    await this.#code.settled();
    const looking = this.#hosts.look();
    if (this.#hosts.slots === 0 || this.#hosts.isRefused) await looking;
    else looking.catch(() => {});
    const jobs: DeskJob[] = [];
    const { slots } = this.#hosts;
    // Nobody waits for another while a slot is free.
    while (this.#hasRoom) {
      jobs.push(this.#makeJob(nextBatch(this.#backlog, slots, this.#jobs.size < slots ? undefined : this.#mean)));
    }
    if (jobs.length === 0) return;
    this.#add(jobs, true).catch((error) => {
      for (const job of jobs) {
        for (const task of [...job.tasks.values()]) this.#fail(task, error);
        this.#gateway.redis.command('HDEL', this.#names.tasks, job.id).catch(() => {});
      }
    });
  }

  #makeJob(tasks: DeskTask[]): DeskJob {
    const [{ order, tried, priority }] = tasks as [DeskTask];
    const id = jobId(++this.#jobCount, tasks.length, order.retries + 1 - tried);
    for (const task of tasks) task.submission = ++this.#submissions;
    const letter = packTasks(tasks, this.#mean ?? 0, this.#orders.processes > 0);
    const sealed = this.#gateway.seal.seal(letter, place.task(this.id, id));
    const job: DeskJob = { id, priority, sealed, tasks: new Map(tasks.entries()) };
    for (const [index, task] of job.tasks) {
      task.job = job;
      task.index = index;
    }
    this.#jobs.set(id, job);
    return job;
  }

  /** Adds jobs; one that is there already stays as it is. On one connection, so the tasks are there before the jobs, and these before the hint. */
  async #add(jobs: readonly DeskJob[], isNew: boolean): Promise<void> {
    const { redis } = this.#gateway;
    const sent: Promise<unknown>[] = [];
    // What is lost of the hint costs time, nothing else.
    this.#notice.announce(jobs.map(({ id }) => id));
    if (isNew) {
      sent.push(redis.command('HSET', this.#names.tasks, ...jobs.flatMap(({ id, sealed }) => [id, sealed])));
    }
    const added = jobs.map(({ id, priority }) => ({
      name: 'tasks',
      data: {},
      opts: { jobId: id, priority: priorityOf(priority) },
    }));
    sent.push(redis.repeated(() => this.#queue.addBulk(added)));
    await Promise.all(sent);
  }

  async #recall(job: DeskJob, index: number): Promise<void> {
    const { redis, namespace } = this.#gateway;
    const step = ['cancel', job.id, '', String(index)];
    await redis.run({ name: 'mpTask', text: TASK }, this.#scriptKeys, step, false);
    await redis.command('PUBLISH', newsChannel(namespace), `${news.CANCEL + this.id} ${job.id} ${index}`);
    if (job.tasks.size === 0) await this.#queue.remove(job.id);
  }

  /** Results of some tasks of a job have come; `accepted` are those that count, if not all do. */
  #take(id: string, sealed: Uint8Array, accepted: ReadonlySet<number> | undefined): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    let letter: ReturnType<typeof readLetter<ResultsHeader>>;
    try {
      letter = readLetter<ResultsHeader>(this.#gateway.seal.open(sealed, place.result(this.id, id)));
    } catch (error) {
      this.#refused.note(error as Error);
      return;
    }
    let at = 0;
    for (const [index, how, ms, bytes, starts] of letter.header.results) {
      const from = at;
      at += bytes;
      const task = job.tasks.get(index);
      if (task === undefined || accepted?.has(index) === false) continue;
      this.#mean = this.#mean === undefined ? ms : 0.9 * this.#mean + 0.1 * ms;
      if (how === ending.AGAIN) this.#again(task, starts);
      else this.#end(task, [task.order.id, letter.body.slice(from, at), how === ending.BROKEN]);
    }
  }

  /** The task has failed, and may be started again, after its delay. */
  #again(task: DeskTask, starts: number): void {
    this.#leaveJob(task);
    task.tried += starts;
    const delay = retryDelayOf(task.order.retryDelay, task.tried);
    const submit = () => {
      task.timer = undefined;
      this.#backlog.add(task);
      this.#flushSoon();
    };
    if (delay === 0) submit();
    else task.timer = setTimeout(submit, delay);
  }

  #fail(task: DeskTask, error: unknown): void {
    this.#end(task, [task.order.id, undefined, error]);
  }

  /** What ended together is told together. */
  #end(task: DeskTask, outcome: DeskOutcome): void {
    this.#settle(task);
    if (this.#outcomes.push(outcome) === 1) queueMicrotask(() => this.#report());
  }

  #report(): void {
    if (this.#tell === undefined || (this.#outcomes.length === 0 && this.#tasks.size > 0)) return;
    const tell = this.#tell;
    this.#tell = undefined;
    tell([this.#hosts.slots, this.#outcomes.splice(0)]);
  }

  #settle(task: DeskTask): void {
    this.#tasks.delete(task.order.id);
    if (task.timer !== undefined) clearTimeout(task.timer);
    if (task.job === undefined) this.#backlog.delete(task);
    else this.#leaveJob(task);
  }

  #leaveJob(task: DeskTask): void {
    const job = task.job!;
    task.job = undefined;
    job.tasks.delete(task.index);
    if (job.tasks.size > 0) return;
    this.#jobs.delete(job.id);
    if (this.#backlog.size > 0) this.#flushSoon();
  }

  #failAll(error: unknown, isMeant = (_task: DeskTask) => true): void {
    for (const task of [...this.#tasks.values()].filter(isMeant)) this.#fail(task, error);
  }

  /** Looks for tasks that the server has lost: after all results were read, a task without result must still be there. */
  async #reconcile(): Promise<void> {
    const { redis } = this.#gateway;
    const jobs = [...this.#jobs.values()];
    if (jobs.length === 0 || !redis.isReady || this.#isOver) return;
    const there = await Promise.all(jobs.map(({ id }) => redis.command('HEXISTS', this.#names.tasks, id)));
    await this.#results.readNow();
    const isOpen = ({ id }: DeskJob) => this.#jobs.has(id);
    for (const job of jobs.filter((each, i) => there[i] === 0 && isOpen(each))) this.#lost(job);
    const rest = jobs.filter(isOpen);
    if (rest.length > 0) await this.#add(rest, false);
  }

  /** What the server has lost is submitted again if it may run again. */
  #lost(job: DeskJob): void {
    for (const task of [...job.tasks.values()]) {
      if (task.order.retries - task.tried > 0) this.#again(task, 0);
      else this.#fail(task, lostByServer());
    }
  }
}
