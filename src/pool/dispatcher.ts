import type { Letter } from '../channel/mailbox.ts';
import { keepEnvelope, unpack } from '../channel/transport.ts';
import { withinProcess } from '../codec/within-process.ts';
import { Admission, type Feeder } from '../contracts/admission.ts';
import { TimeoutError, type WorkerLostError } from '../contracts/errors.ts';
import {
  type AnyFunction,
  type Executor,
  hasFailed,
  type Outcome,
  type PoolCall,
  type Task,
} from '../contracts/executor.ts';
import { retryDelayOf } from '../contracts/retry-delay.ts';
import type { TaskOptions } from '../contracts/task-options.ts';
import { type Family, family } from '../memory/family.ts';
import { discardEnvelope, type Envelope } from '../ring/envelope.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { mayPoll } from '../waits/may-poll.ts';
import { AbortWatch } from './abort-watch.ts';
import { takeCalls } from './answer-calls.ts';
import { Backlog, type Held } from './backlog.ts';
import { callDue } from './callbacks.ts';
import { unwatchEnd, watchEnd } from './farewell.ts';
import { FunctionStore } from './function-store.ts';
import { Job, JobTable } from './jobs.ts';
import { LocalWorkers } from './local-workers.ts';
import { packTask, type ReportMessage, report } from './messages.ts';
import { LoopPoll } from './polling.ts';
import type { PoolSettings } from './pool-settings.ts';
import { TaskBoard } from './task-board.ts';
import { TaskTimers } from './task-timers.ts';
import { rememberWrapped } from './wrapped.ts';

/** Runs the tasks of one pool: puts them on the board, reads the reports of workers, and settles the tasks of lost workers. */
export class Dispatcher implements Executor<Job> {
  readonly admission = new Admission(() => this.#maybeIdle());
  readonly #family: Family = family();
  readonly #board = new TaskBoard();
  readonly #functions = new FunctionStore(this.#family, this.#board.functions);
  readonly workers: LocalWorkers;
  readonly #jobs = new JobTable();
  /** The tasks for which the board had no room; made with the first of them. */
  #backlog: Backlog | undefined;
  readonly #aborts = new AbortWatch((job, reason) => this.end(job, reason));
  /** The time-outs of the running tasks. */
  readonly #timeouts = new TaskTimers((job) => this.end(job, tookTooLong(job)));
  /** The pauses of failed tasks before their next attempts; made with the first of them. */
  #pauses: TaskTimers | undefined;
  readonly #idle: (() => void)[] = [];
  readonly #poll = new LoopPoll();
  #listening: Promise<void> | undefined;
  #collecting = false;
  #isGone = false;
  readonly #isOfThreads: boolean;
  #taken = 0;
  #done = 0;
  #failed = 0;

  constructor(settings: PoolSettings) {
    this.#isOfThreads = settings.startMethod === 'thread';
    this.workers = new LocalWorkers({
      ...settings,
      board: this.#board,
      onLost: (member, error) => this.#settleLost(member, error),
      onBroken: (error) => this.#break(error),
      outstanding: () => this.outstanding,
    });
    watchEnd(this);
  }

  wrap(callable: AnyFunction, fn: AnyFunction, options: TaskOptions, run: (call: PoolCall) => Promise<unknown>): void {
    rememberWrapped(callable, { board: this.#board, fn, options });
    this.#listening ??= takeCalls(this.#family, this.#board, run);
  }

  get outstanding(): number {
    return this.#jobs.size + this.#kept() + (this.#pauses?.size ?? 0);
  }

  /** Returns the number of tasks that wait here. */
  #kept(): number {
    return this.#backlog?.size ?? 0;
  }

  get counts(): { outstanding: number; done: number; failed: number } {
    return { outstanding: this.#taken - this.#done, done: this.#done, failed: this.#failed };
  }

  submit(task: Task, feeder?: Feeder): Job {
    this.admission.assertOpen(feeder);
    const { options } = task;
    options.signal?.throwIfAborted();
    const job = new Job(this.#functions.acquire(task.fn), this.#taken + 1, task);
    try {
      this.#place(job);
    } catch (error) {
      this.#functions.release(job.fn);
      this.workers.scale(this.outstanding);
      throw error;
    }
    this.#taken++;
    if (options.signal !== undefined) this.#aborts.add(job);
    // The first worker begins while this thread packs the other tasks; to start the second one blocks this thread for some milliseconds.
    this.workers.scale(task.isFollowed === true ? 1 : this.outstanding);
    this.#collect();
    return job;
  }

  end(job: Job, error: unknown): void {
    if (job.settled) return;
    const { slots } = this.#board;
    if (job.tag === -1) {
      if (!this.#pauses?.delete(job)) this.#backlog?.forget();
      this.#fail(job, error);
      return;
    }
    if (slots.cancel(job.tag)) {
      this.#fail(job, error);
      this.#drop(job);
      this.#maybeIdle();
      this.#refillIfStuck();
      return;
    }
    // A running task keeps its slot until its worker has ended; a task that has just finished, until its report has been read.
    const isRunning = slots.condemn(job.tag);
    const worker = slots.worker(job.tag);
    // This comes first: a signal to the worker may show that it has ended, and that settles its tasks.
    this.#fail(job, error);
    if (isRunning) this.workers.condemn(worker, (member) => this.#hasAlive(member));
  }

  close(): void {
    if (this.admission.close()) this.#maybeIdle();
  }

  terminate(): void {
    if (this.admission.terminate()) this.#endAll(this.admission.ending);
  }

  /** From now on iterations have no bound. */
  async ended(): Promise<void> {
    this.admission.hurry();
    // The end of the workers settles their tasks, and only the workers keep the program alive.
    if (this.admission.isOver) await this.workers.ended();
    await new Promise<void>((resolve) => {
      if (this.#isIdle()) resolve();
      else this.#idle.push(resolve);
    });
    await this.workers.ended();
    await this.#listening;
    if (this.#isGone) return;
    this.#isGone = true;
    unwatchEnd(this);
    this.#functions.clear();
    this.#board.close();
  }

  /** The program has ended, or seems to have: work that it still does may need new workers. */
  bidFarewell(): void {
    if (this.admission.isOver || this.outstanding > 0) return;
    // After a close the workers are leaving already.
    if (this.admission.isOpen) this.#board.bidFarewell();
    void this.workers.seeOff();
  }

  /** The reports of workers reach a blocked thread, too. */
  assertSync(): void {}

  waitSync(isDone: () => boolean): void {
    while (!isDone()) {
      const { isPutOff, startsIn } = this.workers;
      const attempt = () => (this.#readAll() || isDone() || this.workers.isPutOff !== isPutOff ? true : NOT_YET);
      this.#board.untilReported(
        attempt,
        Math.min(this.#timeouts.left(), this.#pauses?.left() ?? Number.POSITIVE_INFINITY, startsIn),
      );
      this.#timeouts.callDue();
      this.#pauses?.callDue();
      this.workers.startDue();
      callDue();
    }
  }

  /** Puts a job on the board, or keeps it here: it must not overtake a task that waits here already. */
  #place(job: Job): void {
    const { priority } = job.options;
    if (this.#backlog?.isHolding(priority) !== true && this.#send(job, undefined)) return;
    this.#makeBacklog().add({ job, envelope: undefined });
  }

  #makeBacklog(): Backlog {
    this.#backlog ??= new Backlog((envelope) => discardEnvelope(this.#family, envelope));
    return this.#backlog;
  }

  /**
   * Puts a job on the board. Returns false if there is no room: an envelope that was packed before stays as it is. If this throws, the
   * envelope is used up.
   */
  #send(job: Job, packed: Envelope | undefined): boolean {
    const { slots } = this.#board;
    const { priority } = job.options;
    const tag = slots.open(this.#kept() > 0);
    if (tag === -1) return false;
    let envelope = packed;
    try {
      envelope ??= this.#isOfThreads ? withinProcess(() => packTask(this.#family, job)) : packTask(this.#family, job);
      if (!this.#board.submit(tag, envelope, priority)) {
        // Tasks that come back are read meanwhile, which overwrites the encoder's bytes.
        envelope = keepEnvelope(envelope);
        if (!this.#makeRoom(tag, envelope, priority)) {
          if (packed === undefined) discardEnvelope(this.#family, envelope);
          slots.close(tag);
          return false;
        }
      }
    } catch (error) {
      if (envelope !== undefined) discardEnvelope(this.#family, envelope);
      slots.close(tag);
      throw error;
    }
    job.tag = tag;
    if (job.retries === 0) job.input = undefined;
    this.#jobs.add(job);
    return true;
  }

  /** All lanes are taken by other priorities: takes the tasks of the lowest priority back, if it is lower than this one. */
  #makeRoom(tag: number, envelope: Envelope, priority: number): boolean {
    const recalled = this.#board.recallBelow(priority);
    if (recalled === undefined) return false;
    const held: Held[] = [];
    for (const { tag: old, envelope } of recalled) {
      const job = this.#jobs.get(old);
      if (job === undefined || !this.#board.slots.cancel(old)) {
        discardEnvelope(this.#family, envelope);
        continue;
      }
      this.#jobs.delete(old);
      this.#board.slots.close(old);
      job.tag = -1;
      held.push({ job, envelope });
    }
    this.#makeBacklog().putBack(held);
    return this.#board.submit(tag, envelope, priority);
  }

  /** Reads reports as long as there are tasks; this keeps the program alive. */
  #collect(): void {
    if (this.#collecting || !this.#awaitsReports()) return;
    this.#collecting = true;
    this.#awaitReports();
  }

  #awaitReports(): void {
    this.#poll.wait(this.#readSome, mayPoll, this.#sleep, this.#collected);
  }

  /** If Node does not let this thread wait for its workers, the pool is of no use and breaks. */
  readonly #sleep = () => {
    this.#board.relieve();
    return this.#board.whenReported(this.#readSome).catch((error) => this.#break(error));
  };

  readonly #collected = (): void => {
    if (this.#awaitsReports()) this.#awaitReports();
    else this.#collecting = false;
  };

  readonly #readSome = (): true | NotYet => (this.#readAll() || !this.#awaitsReports() ? true : NOT_YET);

  #awaitsReports(): boolean {
    return this.#jobs.size > 0 && !this.admission.isOver;
  }

  #readAll(): boolean {
    if (this.#isGone) return false;
    let any = false;
    while (this.#board.tryRead(this.#openReport) !== NOT_YET) any = true;
    if (any && this.#kept() > 0) this.#refill();
    return any;
  }

  readonly #openReport = (letter: Letter, start: number, tag: number): void => {
    let message: ReportMessage;
    try {
      message = unpack(this.#family, letter as Envelope, start) as ReportMessage;
    } catch (error) {
      message = [report.ERROR, error];
    }
    this.#read(tag, message);
  };

  #read(tag: number, message: ReportMessage): void {
    switch (message[0]) {
      case report.BROKEN:
        this.workers.leaves(message[2]);
        this.workers.initializerFailed(message[1]);
        break;
      case report.LEAVING:
        this.workers.leaves(message[1]);
        // The finalizer of a leaving worker may take time; tasks that came meanwhile need another worker.
        this.workers.scale(this.outstanding);
        break;
      case report.UNCAUGHT:
        this.workers.caused(message[2], message[1]);
        break;
      case report.STARTED:
        this.#begun(this.#jobs.get(tag));
        break;
      default:
        this.#ended(tag, message);
    }
  }

  #begun(job: Job | undefined): void {
    if (job !== undefined && !job.settled) this.#timeouts.add(job, job.options.timeout);
  }

  #ended(tag: number, message: Outcome): void {
    const job = this.#jobs.get(tag);
    if (job === undefined) return;
    this.workers.succeeded();
    this.#drop(job);
    if (!job.settled) {
      const failed = hasFailed(message);
      if (!failed || !this.#retry(job)) {
        this.#letGo(job, failed);
        job.sink.settle(message);
      }
    }
    if (this.#jobs.size === 0) this.#maybeIdle();
  }

  #retry(job: Job): boolean {
    if (job.retries === 0 || this.admission.isOver) return false;
    job.retries--;
    this.#timeouts.delete(job);
    const { retries, retryDelay } = job.options;
    const delay = retryDelayOf(retryDelay, retries - job.retries);
    if (delay === 0) this.#resend(job);
    else this.#pause(job, delay);
    return true;
  }

  #pause(job: Job, ms: number): void {
    this.#pauses ??= new TaskTimers((job) => this.#resend(job));
    this.#pauses.add(job, ms);
  }

  #resend(job: Job): void {
    try {
      this.#place(job);
      this.workers.scale(this.outstanding);
      this.#collect();
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #fail(job: Job, error: unknown): void {
    if (job.settled) return;
    this.#letGo(job, true);
    job.sink.fail(error);
    this.#maybeIdle();
  }

  /** The job is settled: releases what it held. */
  #letGo(job: Job, failed: boolean): void {
    job.settled = true;
    if (job.options.timeout !== Number.POSITIVE_INFINITY) this.#timeouts.delete(job);
    if (job.options.signal !== undefined) this.#aborts.delete(job);
    job.input = undefined;
    if (job.tag === -1) this.#functions.release(job.fn);
    this.#done++;
    if (failed) this.#failed++;
  }

  /** Takes the job off the board: no worker can take it or its function any more. */
  #drop(job: Job): void {
    if (!this.#jobs.delete(job.tag)) return;
    this.#board.slots.close(job.tag);
    job.tag = -1;
    if (job.settled) this.#functions.release(job.fn);
  }

  #isIdle(): boolean {
    return this.outstanding === 0 && !this.admission.isFed;
  }

  #maybeIdle(): void {
    if (!this.#isIdle()) return;
    if (this.admission.isClosed && !this.#isGone) {
      this.#board.shutdown(false);
      this.workers.endUnbegun();
    }
    for (const callback of this.#idle.splice(0)) callback();
  }

  #refill(): void {
    const backlog = this.#backlog;
    for (let held = backlog?.peek(); held !== undefined; held = backlog?.peek()) {
      const { job, envelope } = held;
      backlog?.shift();
      try {
        if (this.#send(job, envelope)) continue;
        this.#makeBacklog().putBack([held]);
        return;
      } catch (error) {
        this.#fail(job, error);
      }
    }
  }

  /** Refills the board if nothing on it will end and make room for the tasks that wait here. */
  #refillIfStuck(): void {
    if (this.#jobs.size > 0 || this.#kept() === 0) return;
    this.#board.purge();
    this.#refill();
    this.#collect();
  }

  /** True if the worker has an unsettled task in hand. */
  #hasAlive(member: number): boolean {
    this.#readAll();
    for (const job of this.#jobs.all()) {
      if (!job.settled && this.#board.slots.worker(job.tag) === member) return true;
    }
    return false;
  }

  /** Settles a dead worker: reads its reports, then ends the tasks that it had in hand. Returns true if it died without a task. */
  #settleLost(member: number, error: (task: string) => WorkerLostError): boolean {
    this.#readAll();
    if (!this.#isGone) this.#board.forget(member);
    let inHand = 0;
    for (const job of this.#jobs.all()) {
      // The end of one task may end others.
      if (job.tag === -1 || this.#board.slots.worker(job.tag) !== member) continue;
      inHand++;
      this.#drop(job);
      if (job.settled || this.#retry(job)) continue;
      this.#fail(job, this.admission.isOver ? this.admission.ending : error(job.name));
    }
    if (inHand > 0) {
      this.#refill();
      this.#collect();
      this.#maybeIdle();
    }
    return inHand === 0 && (this.#board.hasWaiting || this.#kept() > 0);
  }

  #break(error: unknown): void {
    if (this.admission.break(error)) this.#endAll(error);
  }

  #endAll(error: unknown): void {
    if (this.#isGone) return;
    this.workers.killAll();
    for (const job of this.#backlog?.drain() ?? []) this.#fail(job, error);
    for (const job of this.#pauses?.all() ?? []) {
      this.#pauses?.delete(job);
      this.#fail(job, error);
    }
    for (const job of this.#jobs.all()) {
      // The end of one task may end others.
      if (job.tag === -1) continue;
      const isWaiting = this.#board.slots.cancel(job.tag);
      this.#fail(job, error);
      // The other tasks keep their slots until their workers have ended.
      if (isWaiting) this.#drop(job);
    }
    if (this.admission.isHurried) void this.workers.ended();
    // This also wakes the collector, which may wait for a board on which nothing will happen any more.
    this.#board.shutdown(true);
    this.#maybeIdle();
  }
}

function tookTooLong({ name, options }: Job): TimeoutError {
  return new TimeoutError(`The call of ${name} took longer than its ${options.timeout} ms; its worker was ended.`);
}
