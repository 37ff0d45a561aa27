import { setTimeout as setTimer } from 'node:timers';
import { pack, unpack } from '../channel/transport.ts';
import { ClosedError, TimeoutError, type WorkerLostError } from '../errors.ts';
import { type Family, family } from '../memory/family.ts';
import { discardParcel } from '../ring/parcel.ts';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';
import { Backlog } from './backlog.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { FunctionShelf } from './function-shelf.ts';
import type { Job, TaskOptions } from './job.ts';
import { type ReportMessage, report, type TaskMessage, type Way } from './messages.ts';
import { type Delivery, TaskBoard } from './task-board.ts';
import type { PoolRequest } from './wrapped.ts';

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of what comes here.
type AnyFunction = (...args: any[]) => unknown;

type State = 'open' | 'closed' | 'terminated' | 'broken';

/** Runs the tasks of one pool: puts them on the board, reads what workers report, and sees to those whose worker is lost. */
export class Dispatcher {
  readonly #family: Family = family();
  readonly #board = new TaskBoard();
  readonly #shelf = new FunctionShelf(this.#family);
  readonly #crew: Crew;
  readonly #jobs = new Map<number, Job>();
  readonly #backlog = new Backlog<Job>();
  readonly #idle: (() => void)[] = [];
  #state: State = 'open';
  #ending: unknown;
  #collecting = false;
  #done = 0;
  #failed = 0;

  constructor(options: Omit<CrewOptions, 'board' | 'onLost' | 'onBroken'>) {
    this.#crew = new Crew({
      ...options,
      board: this.#board,
      onLost: (member, error) => this.#settleLost(member, error),
      onBroken: (error) => this.#break(error),
    });
  }

  get board(): TaskBoard {
    return this.#board;
  }

  /** Takes on what other processes ask for, until the pool closes; `run` answers when it is done, and never throws. */
  async listen(run: (request: PoolRequest) => Promise<void>): Promise<void> {
    for (;;) {
      const request = await this.#board.whenRequested((delivery) => this.#open(delivery));
      if (request === undefined) return;
      if (request !== null) run(request);
    }
  }

  get crew(): Crew {
    return this.#crew;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Tasks that are not settled. */
  get outstanding(): number {
    return this.#jobs.size + this.#backlog.size;
  }

  /** Tasks that are settled, and how many of them with an error. */
  get counts(): { done: number; failed: number } {
    return { done: this.#done, failed: this.#failed };
  }

  /** Takes a task on; throws what keeps it from being sent, and a `ClosedError` if the pool takes no more. */
  submit(
    fn: AnyFunction,
    how: Way,
    input: ArrayLike<unknown>,
    start: number,
    options: Required<Pick<TaskOptions, 'retries' | 'priority' | 'timeout'>> & Pick<TaskOptions, 'signal'>,
    settle: (message: ReportMessage) => void,
    fail: (error: unknown) => void,
  ): Job {
    this.assertOpen();
    const { signal } = options;
    signal?.throwIfAborted();
    const job: Job = {
      tag: -1,
      fn: this.#shelf.borrow(fn),
      name: fn.name === '' ? 'a function without a name' : `${fn.name}()`,
      how,
      start,
      priority: options.priority,
      timeout: options.timeout,
      retries: options.retries,
      input,
      timer: undefined,
      release: () => {},
      settle,
      fail,
      settled: false,
    };
    try {
      // Nobody passes one that waits here already.
      if (this.#backlog.isHolding(job.priority)) this.#backlog.add(job, job.priority);
      else this.#send(job);
    } catch (error) {
      this.#shelf.giveBack(job.fn);
      throw error;
    }
    if (signal !== undefined) {
      const onAbort = () => this.end(job, signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      job.release = () => signal.removeEventListener('abort', onAbort);
    }
    this.#crew.staff(this.outstanding);
    this.#collect();
    return job;
  }

  assertOpen(): void {
    if (this.#state !== 'open') throw this.#ending ?? new ClosedError('This Pool is closed: it takes no more tasks.');
  }

  /** Ends one task now, with this error: a waiting one never starts, of a running one the worker is ended. */
  end(job: Job, error: unknown): void {
    if (job.settled) return;
    const { slots } = this.#board;
    this.#finish(job, () => job.fail(error), true);
    if (job.tag === -1) {
      this.#backlog.delete(job, job.priority);
      return;
    }
    if (slots.cancel(job.tag)) {
      this.#drop(job);
    } else if (slots.condemn(job.tag) && this.#crew.concurrency === 1) {
      this.#crew.kill(slots.worker(job.tag));
    }
    // A running one keeps its place until its worker has ended or reported; of several in one worker, it is left to itself.
  }

  /** No more tasks; the workers end when all are done. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#ending ??= new ClosedError('This Pool is closed: it takes no more tasks.');
    if (this.outstanding === 0) this.#board.shutdown(false);
  }

  /** Ends all workers now, and all tasks with an error. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    this.#ending = new ClosedError('This Pool was terminated: its tasks were ended, it takes no more.');
    this.#endAll(this.#ending);
  }

  /** Comes true when no worker is left. */
  async ended(): Promise<void> {
    await this.#crew.ended();
    this.#shelf.clear();
    if (this.outstanding === 0) this.#board.close();
  }

  /** Calls back when no task is outstanding. */
  whenIdle(callback: () => void): void {
    if (this.outstanding === 0) callback();
    else this.#idle.push(callback);
  }

  /** Blocks the thread until the job is settled. */
  waitSync(isDone: () => boolean): void {
    this.#board.untilReported(() => {
      this.#readAll();
      return isDone() ? true : NOT_YET;
    });
  }

  /** Puts a job on the board, or keeps it until there is room. */
  #send(job: Job): void {
    const tag = this.#board.slots.open();
    if (tag === -1) {
      this.#backlog.add(job, job.priority);
      return;
    }
    try {
      const message: TaskMessage = [
        job.fn.id,
        job.fn.granule,
        job.how,
        job.timeout !== Number.POSITIVE_INFINITY,
        job.input!,
        job.start,
      ];
      const parcel = pack(this.#family, message, 'task');
      if (!this.#board.submit(tag, parcel, job.priority)) {
        discardParcel(this.#family, parcel);
        this.#board.slots.close(tag);
        this.#backlog.add(job, job.priority);
        return;
      }
    } catch (error) {
      this.#board.slots.close(tag);
      throw error;
    }
    job.tag = tag;
    if (job.retries === 0) job.input = undefined;
    this.#jobs.set(tag, job);
  }

  /** Reads reports for as long as there are tasks: that is what keeps the program alive. */
  async #collect(): Promise<void> {
    if (this.#collecting) return;
    this.#collecting = true;
    while (this.#jobs.size > 0) {
      await this.#board.whenReported<true>(this.#readSome);
    }
    this.#collecting = false;
  }

  readonly #readSome = (): true | NotYet => (this.#readAll() || this.#jobs.size === 0 ? true : NOT_YET);

  #readAll(): boolean {
    let any = false;
    for (;;) {
      const delivery = this.#board.tryRead();
      if (delivery === NOT_YET) break;
      any = true;
      this.#read(delivery);
    }
    if (any) this.#refill();
    return any;
  }

  /** What another process asks for, null if it cannot be decoded. */
  #open({ parcel, start, block }: Delivery): PoolRequest | null {
    try {
      return unpack(this.#family, parcel, start) as PoolRequest;
    } catch (error) {
      process.emitWarning(`A Pool was sent a request that cannot be decoded: ${error}`);
      return null;
    } finally {
      if (block !== 0) this.#family.allocator.free(block);
    }
  }

  #read({ tag, parcel, start, block }: Delivery): void {
    let message: ReportMessage;
    try {
      message = unpack(this.#family, parcel, start) as ReportMessage;
    } catch (error) {
      message = [report.ERROR, error];
    } finally {
      if (block !== 0) this.#family.allocator.free(block);
    }
    if (message[0] === report.BROKEN) {
      this.#crew.initializerFailed(message[1]);
      return;
    }
    const job = this.#jobs.get(tag);
    if (job === undefined) return;
    if (message[0] === report.STARTED) {
      job.timer = setTimer(() => this.#expire(job), Math.min(job.timeout, 0x7fffffff));
      return;
    }
    this.#crew.succeeded();
    this.#drop(job);
    if (job.settled) return;
    if (message[0] === report.ERROR && this.#retry(job)) return;
    const failed = message[0] === report.ERROR;
    this.#finish(job, () => job.settle(message), failed);
  }

  #expire(job: Job): void {
    this.end(
      job,
      new TimeoutError(`The task ${job.name} took longer than its ${job.timeout} ms; its worker was ended.`),
    );
  }

  #retry(job: Job): boolean {
    if (job.retries === 0 || this.#state === 'terminated' || this.#state === 'broken') return false;
    job.retries--;
    clearTimeout(job.timer);
    job.tag = -1;
    try {
      this.#send(job);
    } catch (error) {
      this.#finish(job, () => job.fail(error), true);
    }
    return true;
  }

  /** The job is settled: lets go of what it held, and tells whoever waits. */
  #finish(job: Job, tell: () => void, failed: boolean): void {
    if (job.settled) return;
    job.settled = true;
    clearTimeout(job.timer);
    job.release();
    job.input = undefined;
    this.#shelf.giveBack(job.fn);
    this.#done++;
    if (failed) this.#failed++;
    tell();
    this.#maybeIdle();
  }

  /** Takes the job off the board: its tag means nothing any more. */
  #drop(job: Job): void {
    if (!this.#jobs.delete(job.tag)) return;
    this.#board.slots.close(job.tag);
    this.#maybeIdle();
  }

  #maybeIdle(): void {
    if (this.outstanding > 0) return;
    if (this.#state === 'closed') this.#board.shutdown(false);
    for (const callback of this.#idle.splice(0)) callback();
  }

  #refill(): void {
    while (this.#backlog.size > 0 && this.#jobs.size < 2 ** 16) {
      const job = this.#backlog.take();
      if (job === undefined) return;
      try {
        this.#send(job);
      } catch (error) {
        this.#finish(job, () => job.fail(error), true);
      }
      if (job.tag === -1 && !job.settled) return;
    }
  }

  /** A worker has died: its reports first, then the tasks that it had in hand. */
  #settleLost(member: number, error: (task: string) => WorkerLostError): number {
    this.#readAll();
    let inHand = 0;
    for (const job of [...this.#jobs.values()]) {
      if (this.#board.slots.worker(job.tag) !== member) continue;
      inHand++;
      this.#drop(job);
      if (job.settled || this.#retry(job)) continue;
      this.#finish(job, () => job.fail(error(job.name)), true);
    }
    if (this.outstanding > 0) this.#crew.staff(this.outstanding);
    return inHand;
  }

  #break(error: unknown): void {
    if (this.#state === 'terminated') return;
    this.#state = 'broken';
    this.#ending = error;
    this.#endAll(error);
  }

  #endAll(error: unknown): void {
    this.#crew.dismiss();
    for (const job of [...this.#jobs.values()]) {
      this.#finish(job, () => job.fail(error), true);
      this.#drop(job);
    }
    for (const job of this.#backlog.drain()) this.#finish(job, () => job.fail(error), true);
    this.#board.shutdown(true);
    // The collector may be asleep over a board on which nothing will happen any more.
    this.#family.parker.schedule();
  }
}
