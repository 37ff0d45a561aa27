import { constants } from 'node:os';
import { PoolBrokenError, WorkerLostError } from '../errors.ts';
import { childOf, Process } from '../process/process.ts';
import type { TaskBoard } from './task-board.ts';
import { poolDepth, runWorker, type WorkerOrders } from './worker.ts';

/** So many deaths in a row of workers that had no task in hand, nothing having been finished meanwhile, break the pool. */
const FUTILE_DEATHS = 5;
/** So often the initializer may throw before anything was finished. */
const INITIALIZER_TRIES = 3;

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
  /** A worker has ended in whatever way; `error` makes what its tasks reject with. Answers how many it had in hand. */
  readonly onLost: (member: number, error: (task: string) => WorkerLostError) => number;
  readonly onBroken: (error: unknown) => void;
}

/** The workers of a pool: started when there is work for them, replaced when they die. */
export class Crew {
  readonly concurrency: number;
  readonly #options: CrewOptions;
  readonly #workers = new Map<number, Process>();
  #dismissed = false;
  #started = 0;
  #lost = 0;
  /** Since something was last finished. */
  #futileDeaths = 0;
  #failedInitializers = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.concurrency = options.concurrency;
  }

  get size(): number {
    return this.#options.size;
  }

  get pids(): number[] {
    return [...this.#workers.values()].map((worker) => worker.pid!);
  }

  get counts(): { workers: number; started: number; lost: number } {
    return { workers: this.#workers.size, started: this.#started, lost: this.#lost };
  }

  /** Sees that there are workers enough for so many tasks. */
  staff(tasks: number): void {
    const { size, concurrency } = this.#options;
    while (!this.#dismissed && this.#workers.size < size && this.#workers.size * concurrency < tasks) this.#start();
  }

  /** Ends one worker at once. */
  kill(member: number): void {
    this.#workers.get(member)?.kill();
  }

  /** Ends all workers at once; none is started any more. */
  dismiss(): void {
    this.#dismissed = true;
    for (const worker of this.#workers.values()) worker.kill();
  }

  /** A task was finished: failures from now on count anew. */
  succeeded(): void {
    this.#futileDeaths = 0;
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
      await worker!.join();
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
    const worker = new Process({ target: runWorker, args: [orders], name: `${name}-${++this.#started}`, daemon: true });
    worker.start();
    const child = childOf(worker);
    this.#workers.set(child.member, worker);
    child.onExit(() => this.#ended(child.member, child.pid, child.exitCode!));
  }

  #ended(member: number, pid: number, exitCode: number): void {
    this.#workers.delete(member);
    if (exitCode !== 0) this.#lost++;
    const inHand = this.#options.onLost(member, lostError(pid, exitCode));
    if (this.#dismissed || exitCode === 0 || inHand > 0) return;
    if (++this.#futileDeaths < FUTILE_DEATHS) return;
    this.#options.onBroken(
      new PoolBrokenError(
        `The workers of this Pool die before they take a task, the last one (pid ${pid}) with exit code ${exitCode}; it takes no more.`,
      ),
    );
  }
}

/** What a task rejects with whose worker has ended. */
export function lostError(pid: number, exitCode: number): (task: string) => WorkerLostError {
  const name = Object.entries(constants.signals).find(([, number]) => number === -exitCode)?.[0];
  const end = name === undefined ? `ended with exit code ${exitCode}` : `was ended by ${name}`;
  return (task) => new WorkerLostError(`The worker (pid ${pid}) that ran ${task} ${end}.`, pid, exitCode, name);
}
