import { PlatformError, PoolBrokenError, ProcessError, WorkerLostError } from '../contracts/errors.ts';
import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import { noteInitializer, noteTask } from '../functions/capture.ts';
import { family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { platform } from '../platform/choose.ts';
import { childOf, numberProcess, Process } from '../process/process.ts';
import type { ProcessOptions } from '../process/process-options.ts';
import type { PoolSettings } from './pool-settings.ts';
import { isFromOutside, Setbacks, signalOf } from './setbacks.ts';
import type { TaskBoard } from './task-board.ts';
import { poolDepth, runWorker, type WorkerOrders } from './worker.ts';

/** How many times the initializer may throw before any task has finished. */
const INITIALIZER_TRIES = 3;
/** How many times a start may fail for the same reason, or a worker may die without a task, before any task has finished. More with many workers. */
const TRIES = 5;
/** Milliseconds after which a worker with a condemned task has surely noticed, and takes no other task. */
const NOTICE = 20;
/** Milliseconds that a worker has to clean up after its task was stopped. */
const GRACE = 1000;
/** Milliseconds that idle workers have to leave when the program has ended. */
const MOMENT = 5000;

interface LocalWorkersOptions extends PoolSettings {
  readonly board: TaskBoard;
  /**
   * A worker has ended; `error` makes the error of its tasks. Returns true if it died without a task while tasks wait that it should have
   * taken.
   */
  readonly onLost: (member: number, error: (task: string) => WorkerLostError) => boolean;
  readonly onBroken: (error: unknown) => void;
  /** The number of tasks to do. */
  readonly outstanding: () => number;
}

/** One worker process or thread. */
interface Worker {
  readonly process: Process;
  /** Its number among the workers. */
  readonly index: number;
  /** See `Setbacks`. */
  readonly attempt: number;
  /** The worker takes no more tasks, and does not count as one of the pool's workers. */
  isLeaving: boolean;
  /** The worker itself has reported that it is leaving, and why. */
  hasLeft: boolean;
  /** One of its tasks was stopped, and the worker will be stopped too. */
  isCondemned: boolean;
  /** The worker was asked to leave because the program has ended. */
  isBidden: boolean;
  /** The uncaught error of the worker. */
  cause: { readonly error: unknown } | undefined;
}

/** The workers of a pool: started when there is work for them, replaced when they die. */
export class LocalWorkers {
  readonly concurrency: number;
  readonly #options: LocalWorkersOptions;
  readonly #workers = new Map<number, Worker>();
  #active = 0;
  #killed = false;
  #started = 0;
  #lost = 0;
  /** The setbacks since a task last finished, if there are any. */
  #setbacks: Setbacks | undefined;
  /** Starts the workers whose start was delayed. */
  #timer: NodeJS.Timeout | undefined;
  /** The number of failed initializers since a task last finished. */
  #failedInitializers = 0;

  constructor(options: LocalWorkersOptions) {
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

  /** Makes sure that there are enough workers for `tasks` tasks, now or after a pause. */
  scale(tasks: number): void {
    const { size, concurrency } = this.#options;
    while (!this.#killed && this.#active < size && this.#active * concurrency < tasks) {
      const pause = this.#setbacks?.left ?? 0;
      if (pause > 0) {
        this.#timer ??= setTimeout(this.#startLater, pause).unref();
        return;
      }
      const attempt = this.#setbacks?.attempt ?? 0;
      try {
        this.#start(attempt);
      } catch (error) {
        if (!this.#startFailed(attempt, error)) return;
      }
    }
  }

  /** True while starts are delayed: for a blocked thread, in which timers do not run. */
  get isPutOff(): boolean {
    return this.#timer !== undefined;
  }

  /** Milliseconds until the delayed start, `Infinity` if there is none. */
  get startsIn(): number {
    return this.isPutOff ? (this.#setbacks?.left ?? 0) : Number.POSITIVE_INFINITY;
  }

  /** Starts the delayed workers if it is time. */
  startDue(): void {
    if (this.startsIn === 0) this.#startLater();
  }

  readonly #startLater = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.scale(this.#options.outstanding());
  };

  /** Returns true if another worker may be started, now or later. */
  #startFailed(attempt: number, error: unknown): boolean {
    // A value that cannot be sent cannot be sent later either; a refusal of the system may be temporary.
    const isSystem = error instanceof ProcessError || error instanceof PlatformError;
    const count = isSystem ? this.#noteSetback(attempt, `could not be started (${error.message})`) : TRIES;
    if (count < TRIES) return true;
    // The existing workers must do the tasks, if there are any.
    if (this.#active === 0) this.#options.onBroken(error);
    return isSystem;
  }

  /**
   * Stops a task of this worker, and the worker with it. A worker that runs several tasks finishes the others and takes no more.
   * `hasOthers` returns whether it has other tasks.
   */
  condemn(member: number, hasOthers: (member: number) => boolean): void {
    const worker = this.#workers.get(member);
    if (worker === undefined) return;
    // A worker that leaves by itself may still be in the middle of the task.
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

  /** Asks the worker to end by SIGTERM, which ends it unless the task handles the signal; kills it if it still runs after its time. */
  #stop(member: number, { process }: Worker): void {
    process.terminate();
    setTimeout(() => {
      if (this.#workers.get(member)?.process === process) process.kill();
    }, GRACE).unref();
    this.scale(this.#options.outstanding());
  }

  /** A worker reports that it takes no more tasks. */
  leaves(member: number): void {
    const worker = this.#workers.get(member);
    if (worker === undefined) return;
    worker.hasLeft = true;
    this.#leave(worker);
  }

  /** A worker reports the error that is ending it. */
  caused(member: number, error: unknown): void {
    const worker = this.#workers.get(member);
    if (worker !== undefined) worker.cause = { error };
  }

  /** No task is left: ends workers that have not begun. A worker with an initializer or a finalizer runs it nevertheless. */
  endUnbegun(): void {
    if (this.#options.initializer !== undefined || this.#options.finalizer !== undefined) return;
    for (const [member, worker] of this.#workers) {
      if (family().members.get(member, field.assignment) === 0) continue;
      worker.hasLeft = true;
      this.#leave(worker);
      childOf(worker.process).endUnbegun();
    }
  }

  /** Waits a moment for workers that were asked to leave because the program has ended; each is awaited once. */
  async seeOff(): Promise<void> {
    const asked = [...this.#workers].filter(([, { isBidden }]) => !isBidden);
    for (const [member, worker] of asked) {
      worker.isBidden = true;
      // The worker has not begun, and has nothing to finish.
      if (family().members.get(member, field.assignment) !== 0) worker.process.kill();
    }
    await Promise.all(asked.map(([, { process }]) => process.join({ timeout: MOMENT })));
  }

  /** Kills all workers at once; none is started any more. */
  killAll(): void {
    this.#killed = true;
    for (const { process } of this.#workers.values()) process.kill();
  }

  /** A task has finished: failures are counted anew from now on. */
  succeeded(): void {
    this.#setbacks = undefined;
    this.#failedInitializers = 0;
  }

  /** The initializer of a worker failed; the worker is ending. */
  initializerFailed(error: unknown): void {
    this.#failedInitializers++;
    if (this.#failedInitializers === INITIALIZER_TRIES) this.#options.onBroken(error);
  }

  /** Resolves when no worker is left. */
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
      descendants: platform().processes !== undefined,
      ...this.#options.start,
      context: { getStartMethod: () => this.#options.startMethod },
    } as ProcessOptions<[WorkerOrders]>);
    numberProcess(process, { index, holders: this.#holders(index) });
    process.start();
    if (initializer !== undefined && this.#started === 0) {
      noteInitializer(initializer);
      if (finalizer !== undefined) noteTask(finalizer);
    }
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

  /** Returns a number that no worker has. If workers that are leaving have all the free ones, returns a number of theirs. */
  #freeIndex(): number {
    const all = [...this.#workers.values()];
    const isFree = (index: number, workers: Worker[]) => workers.every((worker) => worker.index !== index);
    const indexes = [...Array(this.size).keys()];
    const staying = all.filter(({ isLeaving }) => !isLeaving);
    return indexes.find((index) => isFree(index, all)) ?? indexes.find((index) => isFree(index, staying)) ?? 0;
  }

  /** Returns the members with this number: they are leaving. */
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
    if (this.#killed) return;
    if (isFutile && !worker.hasLeft) this.#diedInVain(worker, pid, exitCode);
    this.scale(this.#options.outstanding());
  }

  #noteSetback(attempt: number, reason: string): number {
    this.#setbacks ??= new Setbacks();
    return this.#setbacks.note(attempt, reason);
  }

  /** A worker that is killed from outside is not the program's fault. The pool breaks if workers end in the same way again and again. */
  #diedInVain(worker: Worker, pid: number, exitCode: number): void {
    const count = this.#noteSetback(worker.attempt, endOf(exitCode));
    if (isFromOutside(exitCode) || count < Math.max(TRIES, this.size + 3)) return;
    this.#options.onBroken(
      new PoolBrokenError(
        `The workers of this Pool die before they take a task, the last one (pid ${pid}) ${endOf(exitCode)}; the Pool accepts no more tasks.`,
        worker.cause && { cause: worker.cause.error },
      ),
    );
  }
}

/** Returns the error of a task whose worker has ended. */
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
