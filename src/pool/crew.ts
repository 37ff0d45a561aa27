import { os, setTimer } from '../builtins.ts';
import { PoolBrokenError, ProcessError, WorkerLostError } from '../errors.ts';
import { family } from '../memory/family.ts';
import { childOf, Process } from '../process/process.ts';
import type { StartMethod } from '../process/start-method.ts';
import type { TaskBoard } from './task-board.ts';
import { poolDepth, runWorker, type WorkerOrders } from './worker.ts';

/** So often the initializer may throw before anything was finished. */
const INITIALIZER_TRIES = 3;
/** Milliseconds until a worker with a condemned task has surely seen it and takes no other task. */
const NOTICE = 20;
/** Milliseconds that a worker whose task was stopped has to clean up. */
const GRACE = 1000;
/** The first pause before a start, in ms, after setbacks that are not the program's fault; it doubles each time, and the longest. */
const PAUSE = 20;
const LONGEST_PAUSE = 1000;
/** Signals by which a process ends through its own fault; others come from outside. */
const ownSignals: readonly NodeJS.Signals[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'];

export interface CrewOptions {
  readonly board: TaskBoard;
  readonly size: number;
  readonly name: string;
  readonly concurrency: number;
  readonly maxTasks: number;
  readonly maxMemory: number;
  // biome-ignore lint/suspicious/noExplicitAny: the initializer takes what the pool was given for it.
  readonly initializer: ((...args: any[]) => unknown) | undefined;
  readonly initargs: readonly unknown[];
  readonly startMethod: StartMethod;
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
  /** It takes no more tasks: it is none of those that the pool counts on. */
  isLeaving: boolean;
  /** It said itself that it is leaving, and why. */
  hasLeft: boolean;
  /** One of its tasks was stopped, and it will be. */
  isCondemned: boolean;
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
  /** Since something was last finished. */
  #futileDeaths = 0;
  #failedInitializers = 0;
  #refusedStarts = 0;
  /** Deaths by a signal from outside, and starts that the system refused: both may be over in a moment. */
  #setbacks = 0;
  /** As of performance.now(): nobody is started before. */
  #pauseEnd = 0;

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

  /** Sees that there are workers enough for so many tasks, now or after a pause. */
  staff(tasks: number): void {
    const { size, concurrency } = this.#options;
    while (!this.#dismissed && this.#active < size && this.#active * concurrency < tasks) {
      if (performance.now() < this.#pauseEnd) {
        family().parker.remind(this.#staffLater);
        return;
      }
      try {
        this.#start();
      } catch (error) {
        // Those that there are have to do, if there are any.
        if (this.#active > 0) return;
        if (!(error instanceof ProcessError) || ++this.#refusedStarts === this.#mostFutile)
          this.#options.onBroken(error);
        else this.#pause();
      }
    }
  }

  readonly #staffLater = (): void => this.staff(this.#options.outstanding());

  /** A little longer each time, so that a machine without memory, or whoever kills, has time to come to an end. */
  #pause(): void {
    const pause = this.#setbacks === 0 ? 0 : Math.min(PAUSE * 2 ** (this.#setbacks - 1), LONGEST_PAUSE);
    this.#setbacks++;
    this.#pauseEnd = performance.now() + pause;
  }

  /** So many failures in a row through the program's own fault, and there is no point in another try. */
  get #mostFutile(): number {
    return Math.max(5, this.size + 3);
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
      if (hasOthers(member)) setTimer(look, NOTICE);
      else this.#stop(member, worker);
    };
    setTimer(look, NOTICE);
  }

  /** Asks it to end, as Node does unless the task listens to SIGTERM, and ends it if it is still there after its time. */
  #stop(member: number, { process }: Worker): void {
    process.terminate();
    setTimer(() => {
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

  /** Ends all workers at once; none is started any more. */
  dismiss(): void {
    this.#dismissed = true;
    for (const { process } of this.#workers.values()) process.kill();
  }

  /** A task was finished: failures from now on count anew. */
  succeeded(): void {
    this.#futileDeaths = 0;
    this.#failedInitializers = 0;
    this.#refusedStarts = 0;
    this.#setbacks = 0;
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

  #start(): void {
    const { board, initializer, initargs, concurrency, maxTasks, maxMemory, name } = this.#options;
    const orders: WorkerOrders = {
      board,
      initializer,
      initargs,
      concurrency,
      maxTasks,
      maxMemory,
      depth: poolDepth + 1,
    };
    const process = new Process({
      target: runWorker,
      args: [orders],
      name: `${name}-${this.#started + 1}`,
      daemon: true,
      context: { getStartMethod: () => this.#options.startMethod },
    });
    process.start();
    this.#started++;
    const child = childOf(process);
    const worker: Worker = { process, isLeaving: false, hasLeft: false, isCondemned: false, cause: undefined };
    this.#workers.set(child.member, worker);
    this.#active++;
    child.onExit(() => this.#ended(child.member, worker, child.pid, child.exitCode!));
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
    if (isFutile && !worker.hasLeft && isFromOutside(exitCode)) this.#pause();
    else if (isFutile && !worker.hasLeft && ++this.#futileDeaths >= this.#mostFutile) {
      this.#options.onBroken(
        new PoolBrokenError(
          `The workers of this Pool die before they take a task, the last one (pid ${pid}) ${endOf(exitCode)}; it takes no more.`,
          worker.cause && { cause: worker.cause.error },
        ),
      );
      return;
    }
    this.staff(this.#options.outstanding());
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

function isFromOutside(exitCode: number): boolean {
  const signal = signalOf(exitCode);
  return signal !== undefined && !ownSignals.includes(signal);
}

function signalOf(exitCode: number): NodeJS.Signals | undefined {
  const found = Object.entries(os.constants.signals).find(([, number]) => number === -exitCode);
  return found?.[0] as NodeJS.Signals | undefined;
}
