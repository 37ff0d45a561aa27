import { clearTimeout, setTimeout } from '../builtins.ts';
import { PlatformError, PoolBrokenError, ProcessError, WorkerLostError } from '../errors.ts';
import { family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { childOf, numberProcess, Process } from '../process/process.ts';
import type { ProcessOptions } from '../process/process-options.ts';
import type { PoolSettings } from './pool-settings.ts';
import { isFromOutside, Setbacks, signalOf } from './setbacks.ts';
import type { TaskBoard } from './task-board.ts';
import { poolDepth, runWorker, type WorkerOrders } from './worker.ts';

/** So often the initializer may throw before anything was finished. */
const INITIALIZER_TRIES = 3;
/** So often a start may fail for the same reason, or a worker may come to nothing, before anything was finished; more with many workers. */
const TRIES = 5;
/** Milliseconds until a worker with a condemned task has surely seen it and takes no other task. */
const NOTICE = 20;
/** Milliseconds that a worker whose task was stopped has to clean up. */
const GRACE = 1000;
/** Milliseconds that idle workers have to leave when the program is over. */
const MOMENT = 5000;

export interface CrewOptions extends PoolSettings {
  readonly board: TaskBoard;
  /**
   * A worker has ended in whatever way; `error` makes what its tasks reject with. Answers true if it died with nothing in hand
   * while tasks wait that it should have taken.
   */
  readonly onLost: (member: number, error: (task: string) => WorkerLostError) => boolean;
  readonly onBroken: (error: unknown) => void;
  /** How many tasks there are to do. */
  readonly outstanding: () => number;
}

/** One worker process. */
interface Worker {
  readonly process: Process;
  /** Its place among the workers. */
  readonly index: number;
  /** See `Setbacks`. */
  readonly attempt: number;
  /** It takes no more tasks: it is none of those that the pool counts on. */
  isLeaving: boolean;
  /** It said itself that it is leaving, and why. */
  hasLeft: boolean;
  /** One of its tasks was stopped, and it will be. */
  isCondemned: boolean;
  /** It was asked to leave since the program is over. */
  isBidden: boolean;
  /** The error that nobody caught in it. */
  cause: { readonly error: unknown } | undefined;
}

/** The workers of a pool: started when there is work for them, replaced when they die. */
export class Crew {
  readonly concurrency: number;
  readonly #options: CrewOptions;
  readonly #workers = new Map<number, Worker>();
  #active = 0;
  #dismissed = false;
  #started = 0;
  #lost = 0;
  readonly #setbacks = new Setbacks();
  /** Starts what was put off. */
  #timer: NodeJS.Timeout | undefined;
  /** Since something was last finished. */
  #failedInitializers = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.concurrency = options.concurrency;
  }

  get size(): number {
    return this.#options.size;
  }

  get pids(): number[] {
    return [...this.#workers.values()].filter(({ isLeaving }) => !isLeaving).map(({ process }) => process.pid!);
  }

  get counts(): { workers: number; started: number; lost: number } {
    return { workers: this.#active, started: this.#started, lost: this.#lost };
  }

  /** Sees that there are workers enough for so many tasks, now or when a pause is over. */
  staff(tasks: number): void {
    const { size, concurrency } = this.#options;
    while (!this.#dismissed && this.#active < size && this.#active * concurrency < tasks) {
      const pause = this.#setbacks.left;
      if (pause > 0) {
        this.#timer ??= setTimeout(this.#startLater, pause).unref();
        return;
      }
      const { attempt } = this.#setbacks;
      try {
        this.#start(attempt);
      } catch (error) {
        if (!this.#startFailed(attempt, error)) return;
      }
    }
  }

  /** True while workers are to be started later: for a blocked thread, in which timers do not run. */
  get isPutOff(): boolean {
    return this.#timer !== undefined;
  }

  /** Milliseconds until they are, `Infinity` if none was put off. */
  get startsIn(): number {
    return this.isPutOff ? this.#setbacks.left : Number.POSITIVE_INFINITY;
  }

  /** Starts them now, if it is time. */
  startDue(): void {
    if (this.isPutOff && this.#setbacks.left === 0) this.#startLater();
  }

  readonly #startLater = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.staff(this.#options.outstanding());
  };

  /** True if another one may be started, now or later. */
  #startFailed(attempt: number, error: unknown): boolean {
    // What cannot be sent stays so; of what the system refuses nobody knows for how long.
    const isSystem = error instanceof ProcessError || error instanceof PlatformError;
    const count = isSystem ? this.#setbacks.note(attempt, `could not be started (${error.message})`) : TRIES;
    if (count < TRIES) return true;
    // Those that there are have to do, if there are any.
    if (this.#active === 0) this.#options.onBroken(error);
    return isSystem;
  }

  /**
   * A task of this worker is to be stopped, and with it the worker; one that runs several tasks goes on with the others, but
   * takes no more. `hasOthers` says whether it has any left.
   */
  condemn(member: number, hasOthers: (member: number) => boolean): void {
    const worker = this.#workers.get(member);
    if (worker === undefined) return;
    // One that is leaving of its own accord may still be in the middle of the task.
    if (worker.isCondemned) return;
    worker.isCondemned = true;
    this.#leave(worker);
    if (this.concurrency === 1) {
      this.#stop(member, worker);
      return;
    }
    const look = () => {
      if (!this.#workers.has(member)) return;
      if (hasOthers(member)) setTimeout(look, NOTICE);
      else this.#stop(member, worker);
    };
    setTimeout(look, NOTICE);
  }

  /** Asks it to end, as Node does unless the task listens to SIGTERM, and ends it if it is still there after its time. */
  #stop(member: number, { process }: Worker): void {
    process.terminate();
    setTimeout(() => {
      if (this.#workers.get(member)?.process === process) process.kill();
    }, GRACE).unref();
    this.staff(this.#options.outstanding());
  }

  /** A worker says that it takes no more tasks. */
  leaves(member: number): void {
    const worker = this.#workers.get(member);
    if (worker === undefined) return;
    worker.hasLeft = true;
    this.#leave(worker);
  }

  /** A worker says what it will die of. */
  caused(member: number, error: unknown): void {
    const worker = this.#workers.get(member);
    if (worker !== undefined) worker.cause = { error };
  }

  /** Nothing is left to do: those that have not begun need not. One that has an initializer or a finalizer runs it all the same. */
  endUnbegun(): void {
    if (this.#options.initializer !== undefined || this.#options.finalizer !== undefined) return;
    for (const [member, worker] of this.#workers) {
      if (family().members.get(member, field.assignment) === 0) continue;
      worker.hasLeft = true;
      this.#leave(worker);
      childOf(worker.process).endUnbegun();
    }
  }

  /** Waits a moment for those that have been asked to leave since the program is over; each once. */
  async seeOff(): Promise<void> {
    const asked = [...this.#workers].filter(([, { isBidden }]) => !isBidden);
    for (const [member, worker] of asked) {
      worker.isBidden = true;
      // It has not begun, and has nothing to say.
      if (family().members.get(member, field.assignment) !== 0) worker.process.kill();
    }
    await Promise.all(asked.map(([, { process }]) => process.join({ timeout: MOMENT })));
  }

  /** Ends all workers at once; none is started any more. */
  dismiss(): void {
    this.#dismissed = true;
    for (const { process } of this.#workers.values()) process.kill();
  }

  /** A task was finished: failures from now on count anew. */
  succeeded(): void {
    this.#setbacks.clear();
    this.#failedInitializers = 0;
  }

  /** A worker could not even begin; it is ending. */
  initializerFailed(error: unknown): void {
    this.#failedInitializers++;
    if (this.#failedInitializers === INITIALIZER_TRIES) this.#options.onBroken(error);
  }

  /** Comes true when no worker is left. */
  async ended(): Promise<void> {
    while (this.#workers.size > 0) {
      const [worker] = this.#workers.values();
      await worker!.process.join();
    }
  }

  #start(attempt: number): void {
    const { board, initializer, initargs, finalizer, concurrency, maxTasks, maxMemory, name } = this.#options;
    const index = this.#freeIndex();
    const orders: WorkerOrders = {
      board,
      initializer,
      initargs,
      finalizer,
      concurrency,
      maxTasks,
      maxMemory,
      depth: poolDepth() + 1,
      farewells: board.farewells,
    };
    const process = new Process({
      target: runWorker,
      args: [orders],
      name: `${name}-${this.#started + 1}`,
      daemon: true,
      descendants: true,
      ...this.#options.start,
      context: { getStartMethod: () => this.#options.startMethod },
    } as ProcessOptions<[WorkerOrders]>);
    numberProcess(process, { index, holders: this.#holders(index) });
    process.start();
    this.#started++;
    const child = childOf(process);
    const worker: Worker = {
      process,
      index,
      attempt,
      isLeaving: false,
      hasLeft: false,
      isCondemned: false,
      isBidden: false,
      cause: undefined,
    };
    this.#workers.set(child.member, worker);
    this.#active++;
    child.onExit(() => this.#ended(child.member, worker, child.pid, child.exitCode!));
  }

  /** One that no worker has; if those that are leaving have them all, that of one of these. */
  #freeIndex(): number {
    const all = [...this.#workers.values()];
    const isFree = (index: number, workers: Worker[]) => workers.every((worker) => worker.index !== index);
    const indexes = [...Array(this.size).keys()];
    const staying = all.filter(({ isLeaving }) => !isLeaving);
    return indexes.find((index) => isFree(index, all)) ?? indexes.find((index) => isFree(index, staying)) ?? 0;
  }

  /** Those that have this number: they are leaving. */
  #holders(index: number): number[] {
    return [...this.#workers].filter(([, worker]) => worker.index === index).map(([member]) => member);
  }

  #leave(worker: Worker): void {
    if (worker.isLeaving) return;
    worker.isLeaving = true;
    this.#active--;
  }

  #ended(member: number, worker: Worker, pid: number, exitCode: number): void {
    const isFutile = this.#options.onLost(member, (task) => lostError(pid, exitCode, worker.cause, task));
    this.#leave(worker);
    this.#workers.delete(member);
    if (!worker.hasLeft) this.#lost++;
    if (this.#dismissed) return;
    if (isFutile && !worker.hasLeft) this.#diedInVain(worker, pid, exitCode);
    this.staff(this.#options.outstanding());
  }

  /** It is not the program's fault if somebody kills a worker. What breaks the pool is the same end again and again. */
  #diedInVain(worker: Worker, pid: number, exitCode: number): void {
    const count = this.#setbacks.note(worker.attempt, endOf(exitCode));
    if (isFromOutside(exitCode) || count < Math.max(TRIES, this.size + 3)) return;
    this.#options.onBroken(
      new PoolBrokenError(
        `The workers of this Pool die before they take a task, the last one (pid ${pid}) ${endOf(exitCode)}; it takes no more.`,
        worker.cause && { cause: worker.cause.error },
      ),
    );
  }
}

/** What a task rejects with whose worker has ended. */
function lostError(pid: number, exitCode: number, cause: Worker['cause'], task: string): WorkerLostError {
  const why = cause?.error instanceof Error ? `, by an uncaught ${cause.error.name}: ${cause.error.message}` : '';
  return new WorkerLostError(
    `The worker (pid ${pid}) that ran ${task} ${endOf(exitCode)}${why}.`,
    pid,
    exitCode,
    signalOf(exitCode),
    cause && { cause: cause.error },
  );
}

function endOf(exitCode: number): string {
  const signal = signalOf(exitCode);
  return signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
}
