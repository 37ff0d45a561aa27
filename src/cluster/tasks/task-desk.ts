import { retryDelayOf } from '../../contracts/retry-delay.ts';
import { clearTimeout, queueMicrotask, randomHex, setTimeout } from '../../engine/builtins.ts';
import { within } from '../../waits/timer.ts';
import { CodeShelf } from '../code/code-shelf.ts';
import type { Gateway, Leased } from '../gateway.ts';
import { RefusedValues } from '../refused-values.ts';
import { Backlog } from './backlog.ts';
import { Blobs } from './blobs.ts';
import { type BullQueue, openQueue } from './bull.ts';
import { DeskReport } from './desk-report.ts';
import type { DeskJob, DeskNews, DeskOutcome, DeskTask, PoolOrders, TaskOrder } from './desk-task.ts';
import { InputBlobs } from './input-blobs.ts';
import { JobPost } from './job-post.ts';
import { ending, type ResultEntry, type ResultsHeader, readLetter } from './letter.ts';
import { isLostByServer, lostByServer } from './lost-by-server.ts';
import { nextBatch } from './next-batch.ts';
import { outliveAfter } from './outlive.ts';
import { packTasks } from './pack-tasks.ts';
import { PoolHosts } from './pool-hosts.ts';
import { PoolNotice } from './pool-notice.ts';
import { removePool } from './remove-pool.ts';
import { Renewals } from './renewals.ts';
import { ResultStream } from './result-stream.ts';
import { jobId, news, newsChannel, place, taskKeys } from './task-keys.ts';

/** The least number of jobs to keep in Redis, if that many wait. */
const FEWEST_JOBS = 64;
/** Milliseconds for which the end of a pool waits for the server. */
const GOODBYE = 3000;

/** Runs the tasks of one pool from its gateway: sends jobs, and receives results. See ../README.md, "Tasks". */
export class TaskDesk implements Leased {
  readonly id = randomHex(8);
  readonly keys: readonly string[];
  readonly isLeased = true;
  readonly isHeld = false;
  renewed = 0;
  readonly #gateway: Gateway;
  readonly #orders: PoolOrders;
  readonly #names;
  readonly #queue: BullQueue;
  readonly #results: ResultStream;
  readonly #hosts: PoolHosts;
  readonly #tasks = new Map<number, DeskTask>();
  readonly #backlog = new Backlog<DeskTask>();
  readonly #jobs = new Map<string, DeskJob>();
  readonly #code: CodeShelf;
  #jobCount = 0;
  #submissions = 0;
  /** The milliseconds that a task runs, smoothed; `undefined` until a task has ended. */
  #mean: number | undefined;
  #isFlushing = false;
  #isOver = false;
  readonly #report: DeskReport;
  readonly #blobs: Blobs;
  readonly #inputs: InputBlobs;
  readonly #post: JobPost;
  readonly #refused = new RefusedValues((text) => process.emitWarning(`A result of a task was refused: ${text}`));
  readonly #notice: PoolNotice;
  readonly #renewals = new Renewals(
    async () => this.#isOver || this.#notice.renew(this.#backlog.size),
    (hasLost) => this.#tend(hasLost),
  );

  constructor(gateway: Gateway, orders: PoolOrders) {
    this.#gateway = gateway;
    this.#orders = orders;
    this.#code = new CodeShelf(gateway);
    this.#names = taskKeys(gateway.namespace, this.id);
    const { pool, results } = this.#names;
    this.#blobs = new Blobs(gateway, this.id, this.#names, gateway.lease);
    this.#inputs = new InputBlobs(this.#blobs);
    this.keys = [pool];
    this.#queue = openQueue(this.#names, gateway.redis.client);
    this.#results = new ResultStream(gateway.redis, results, (job, sealed, accepted) =>
      this.#take(job, sealed, accepted),
    );
    const hasTasks = () => this.#tasks.size > 0;
    this.#hosts = new PoolHosts(gateway, this.id, hasTasks, (error) => this.#failAll(error));
    this.#report = new DeskReport(() => this.#hosts.slots, hasTasks);
    this.#notice = new PoolNotice(gateway, {
      id: this.id,
      names: this.#names,
      ...orders,
      onPosted: () => this.#begin(),
    });
    const office = { gateway, id: this.id, names: this.#names, queue: this.#queue, notice: this.#notice };
    const onRemoved = () => void this.#makeAgain().catch(() => {});
    this.#post = new JobPost({ ...office, inputs: this.#inputs, onRemoved }, () => this.#jobs.keys());
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

  /** Drops a function that no task will name any more. */
  drop(hash: string): void {
    this.#notice.drop(hash);
  }

  /** Accepts tasks. */
  submit(orders: readonly TaskOrder[]): void {
    for (const order of orders) {
      const { id, priority } = order;
      const task: DeskTask = {
        order,
        priority,
        tried: 0,
        submission: 0,
        job: undefined,
        index: 0,
        isArriving: false,
        timer: undefined,
      };
      this.#tasks.set(id, task);
      this.#backlog.add(task);
    }
    this.#flushSoon();
  }

  /** Accepts tasks, and resolves as `next()` does. */
  run(orders: readonly TaskOrder[]): Promise<DeskNews> {
    this.submit(orders);
    return this.next();
  }

  /** Resolves to the outcomes of tasks as soon as one has ended; to no outcome if no task is left. The program makes one such call at a time. */
  next(): Promise<DeskNews> {
    return this.#report.next();
  }

  /** Cancels a task: a waiting task never starts, a running task is ended. */
  cancel(id: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    const { job, index } = task;
    this.#settle(task);
    if (job !== undefined) void this.#post.recall(job, index).catch(() => {});
    if (this.#tasks.size === 0) this.#report.tell();
  }

  /** Resolves to the number of slots of the hosts. */
  async slots(): Promise<number> {
    await this.#notice.posted();
    await this.#hosts.look();
    return this.#hosts.slots;
  }

  /** Ends the pool and its running tasks, and removes its keys from Redis. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#post.close();
    this.#gateway.remove(this);
    this.#results.close();
    this.#hosts.close();
    this.#report.close();
    for (const { timer } of this.#tasks.values()) if (timer !== undefined) clearTimeout(timer);
    // If the server is out of reach or does not reply, the lease ends the pool.
    if (this.#gateway.redis.isReady) await within(GOODBYE, this.#remove());
  }

  async #remove(): Promise<void> {
    const { redis, namespace } = this.#gateway;
    await this.#notice.settled();
    await this.#renewals.settled();
    await this.#inputs.close();
    // From here on no task can start.
    await redis.command('UNLINK', this.#names.pool, this.#names.tasks);
    await redis.command('PUBLISH', newsChannel(namespace), news.END + this.id);
    await removePool(redis, namespace, this.id);
  }

  renew(): Promise<void> {
    return this.#renewals.renew();
  }

  /** Keeps what belongs to the pool in the server, and looks for its tasks if the server had lost the pool. */
  async #tend(hasLost: boolean): Promise<void> {
    if (this.#isOver) return;
    await this.#code.renew().catch(() => {});
    await this.#post.outlive();
    if (hasLost) await this.#reconcile();
  }

  onLost(): void {}

  /** Looks at the hosts, because one of them refuses the pool. */
  hint(): void {
    void this.#hosts.look(true).catch(() => {});
  }

  /** Renews and checks everything, because the connection is there again or some time has passed. */
  pokeAll(): void {
    void this.renew();
    void this.#hosts.look().catch(() => {});
    void this.#reconcile().catch(() => {});
    this.#flushSoon();
  }

  /** Called when the server has the pool, perhaps again. */
  async #begin(): Promise<void> {
    if (this.#submissions === 0) {
      const [seconds, micros] = (await this.#gateway.redis.command('TIME')) as Buffer[];
      this.#submissions = Number(seconds) * 1e6 + Number(micros);
    }
    await this.#results.begin();
    const { redis, lease } = this.#gateway;
    outliveAfter(redis, this.#names, lease);
    await this.#post.describe(this.#orders.processes);
  }

  /** The server has refused jobs, because the pool or the description of its queue was removed. */
  async #makeAgain(): Promise<void> {
    await this.renew();
    if (this.#isOver) return;
    await this.#post.describe(this.#orders.processes);
    await this.#reconcile();
  }

  /** The tasks of one message go out together. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#flush()
        .catch((error) => this.#failAll(error, ({ job, timer, isArriving }) => !job && !timer && !isArriving))
        .finally(() => {
          this.#isFlushing = false;
          if (this.#hasRoom()) this.#flushSoon();
        });
    });
  }

  #hasRoom(): boolean {
    if (this.#backlog.size === 0 || this.#isOver) return false;
    const { slots } = this.#hosts;
    const most = this.#inputs.hasRoom ? Math.max(FEWEST_JOBS, 2 * slots) : Math.max(1, slots);
    return this.#jobs.size < most;
  }

  async #flush(): Promise<void> {
    await this.#notice.posted();
    // What is sent to a pool that was removed counts as lost, since it may have been there.
    if (!this.#renewals.isRecent(this.#gateway.lease)) await this.renew();
    await this.#code.settled();
    const looking = this.#hosts.look();
    if (this.#hosts.slots === 0 || this.#hosts.isRefused) await looking;
    else looking.catch(() => {});
    const jobs: DeskJob[] = [];
    const { slots } = this.#hosts;
    // While slots are free, each task is a job of its own, so that none waits for another.
    while (this.#hasRoom()) {
      jobs.push(this.#makeJob(nextBatch(this.#backlog, slots, this.#jobs.size < slots ? undefined : this.#mean)));
    }
    for (const [some, adding] of this.#post.addNew(jobs)) {
      adding.catch((error) => {
        for (const job of some) {
          for (const task of [...job.tasks.values()]) this.#fail(task, error);
          this.#gateway.redis.command('HDEL', this.#names.tasks, job.id).catch(() => {});
        }
      });
    }
  }

  #makeJob(tasks: DeskTask[]): DeskJob {
    const [{ order, tried, priority }] = tasks as [DeskTask];
    const id = jobId(++this.#jobCount, tasks.length, order.retries + 1 - tried);
    for (const task of tasks) task.submission = ++this.#submissions;
    const letter = packTasks(tasks, this.#mean ?? 0, this.#orders.processes > 0);
    const sealed = this.#gateway.seal.seal(letter, place.task(this.id, id));
    const job: DeskJob = { id, priority, sealed, isSent: false, tasks: new Map(tasks.entries()) };
    for (const [index, task] of job.tasks) {
      task.job = job;
      task.index = index;
    }
    this.#jobs.set(id, job);
    return job;
  }

  /** Takes results of some tasks of a job; `accepted` are the indices of the results that count, if not all do. */
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
    for (const result of letter.header.results) {
      const [index, how, ms, bytes, starts, blob] = result;
      const from = at;
      if (blob === '') at += bytes;
      const task = job.tasks.get(index);
      const isMeant = task !== undefined && accepted?.has(index) !== false;
      if (isMeant) this.#mean = this.#mean === undefined ? ms : 0.9 * this.#mean + 0.1 * ms;
      if (isMeant && how === ending.AGAIN) this.#again(task, starts);
      else if (isMeant && blob !== '') void this.#fetch(task, result);
      else if (isMeant) this.#end(task, [task.order.id, letter.body.subarray(from, at), how === ending.BROKEN]);
      if (blob !== '' && (!isMeant || how === ending.AGAIN)) this.#blobs.remove(blob).catch(() => {});
    }
  }

  /** Reads an outcome that is a blob. If a part of it is lost, the task runs again if it may. */
  async #fetch(task: DeskTask, [, how, , bytes, starts, blob]: ResultEntry): Promise<void> {
    const { id, retries } = task.order;
    this.#leaveJob(task);
    task.isArriving = true;
    const read = await this.#blobs.read(blob, bytes).catch((error: Error) => error);
    task.isArriving = false;
    this.#blobs.remove(blob).catch(() => {});
    if (this.#tasks.get(id) !== task) return;
    if (!(read instanceof Error)) this.#end(task, [id, read, how === ending.BROKEN]);
    else if (isLostByServer(read) && retries >= task.tried + starts) this.#again(task, starts);
    else this.#fail(task, read);
  }

  /** Submits a failed task again, after its delay. */
  #again(task: DeskTask, starts: number): void {
    if (task.job !== undefined) this.#leaveJob(task);
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

  #end(task: DeskTask, outcome: DeskOutcome): void {
    this.#settle(task);
    this.#report.add(outcome);
  }

  #settle(task: DeskTask): void {
    this.#tasks.delete(task.order.id);
    this.#inputs.release(task);
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

  /** Looks for tasks that the server has lost: when all results have been read, each task without a result must still be there. */
  async #reconcile(): Promise<void> {
    const { redis } = this.#gateway;
    const jobs = [...this.#jobs.values()].filter(({ isSent }) => isSent);
    if (jobs.length === 0 || !redis.isReady || this.#isOver) return;
    const there = await Promise.all(jobs.map(({ id }) => redis.command('HEXISTS', this.#names.tasks, id)));
    await this.#results.readNow();
    const isOpen = ({ id }: DeskJob) => this.#jobs.has(id);
    for (const job of jobs.filter((each, i) => there[i] === 0 && isOpen(each))) this.#lost(job);
    const rest = jobs.filter(isOpen);
    if (rest.length > 0) await this.#post.add(rest, false);
  }

  /** Submits the tasks of a job that the server has lost again, if they may run again. */
  #lost(job: DeskJob): void {
    for (const task of [...job.tasks.values()]) {
      this.#inputs.forget(task);
      if (task.order.retries - task.tried > 0) this.#again(task, 0);
      else this.#fail(task, lostByServer());
    }
  }
}
