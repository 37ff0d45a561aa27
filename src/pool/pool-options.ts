import type { ByContext, OfProcess, OptionNames } from '../process/start-options.ts';

/** What a pool is made with, whatever its workers are. */
export interface CommonPoolOptions {
  /** How many workers there may be; as many as usable CPUs if left out. */
  readonly processes?: number | undefined;
  /** Called in each worker before its first task; an async one is awaited. If it throws, so does every task. */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` holds.
  readonly initializer?: ((...args: any[]) => unknown) | undefined;
  /** The arguments of the initializer, in order. */
  readonly initargs?: readonly unknown[] | undefined;
  /**
   * Called in each worker before it leaves in order, after its last task: because the pool has closed, `maxTasksPerChild` is reached,
   * the program ends by itself, or one of its tasks was stopped. An async one is awaited.
   */
  readonly finalizer?: (() => unknown) | undefined;
  /** How many tasks one worker may have in hand at once, 1 if left out. More pay off only for tasks that wait. */
  readonly concurrency?: number | undefined;
  /** A worker is replaced after so many tasks (a chunk is one). */
  readonly maxTasksPerChild?: number | undefined;
  /** A worker is replaced when it has more than so many bytes resident, a thread in its JavaScript heap, as seen between tasks. */
  readonly maxMemoryPerChild?: number | undefined;
  /** The workers' names begin with it, `PoolWorker` if left out. */
  readonly name?: string | undefined;
  /** Environment variables of the workers, added to the inherited ones. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * What a pool is made with. `context` says whose start method the workers have: `getContext('thread')` makes them worker threads; the
 * program's if left out.
 */
export type PoolOptions = CommonPoolOptions & ByContext<OfProcess>;

/** The names of all options. */
export const poolOptionNames: Record<OptionNames<PoolOptions>, true> = {
  processes: true,
  initializer: true,
  initargs: true,
  finalizer: true,
  concurrency: true,
  maxTasksPerChild: true,
  maxMemoryPerChild: true,
  name: true,
  env: true,
  execArgv: true,
  stdin: true,
  resourceLimits: true,
  context: true,
};

/** Numbers about a pool at one moment. */
export interface PoolStats {
  /** Workers that live. */
  readonly workers: number;
  /** Workers that were started in all. */
  readonly started: number;
  /** Workers that ended otherwise than by themselves. */
  readonly lost: number;
  /** Tasks that are not settled; a chunk is one task. */
  readonly outstanding: number;
  /** Tasks that are settled; a chunk is one task. */
  readonly done: number;
  /** Tasks of those that are settled whose end is an error. */
  readonly failed: number;
}
