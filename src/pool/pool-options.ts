import type { ClusterOptions } from '../contracts/cluster-options.ts';
import type { ByContext, OfProcess, OptionNames } from '../process/start-options.ts';

/** The options that pools of processes and pools of threads have in common. */
export interface CommonPoolOptions {
  /** The largest number of workers. The default is the number of usable CPUs. */
  readonly processes?: number | undefined;
  /** Each worker calls and awaits this function before its first task. If the function throws in three workers before any task has finished, every task rejects with the error. */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` holds.
  readonly initializer?: ((...args: any[]) => unknown) | undefined;
  /** The arguments of the initializer, in order. */
  readonly initargs?: readonly unknown[] | undefined;
  /**
   * Each worker calls and awaits this function after its last task: when the pool has closed, after `maxTasksPerChild` tasks, when
   * the program ends by itself, or when one of the worker's tasks was stopped. Not called after `terminate()` or a crash.
   */
  readonly finalizer?: (() => unknown) | undefined;
  /** The number of tasks that one worker may run at once, 1 by default. More than 1 helps only tasks that wait. */
  readonly concurrency?: number | undefined;
  /** Replaces a worker after this many tasks; a chunk counts as one. */
  readonly maxTasksPerChild?: number | undefined;
  /** Replaces a worker, between tasks, that uses more than this many bytes: of resident memory for a process, of JavaScript heap for a thread. */
  readonly maxMemoryPerChild?: number | undefined;
  /** The beginning of the workers' names, `PoolWorker` by default. */
  readonly name?: string | undefined;
  /** Environment variables of the workers, added to the inherited ones. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * The options of `new Pool()`. `context` chooses the start method of the workers: with `getContext('thread')` they are worker threads.
 * The default is the start method of the program.
 */
export type PoolOptions = CommonPoolOptions & ClusterPoolOptions & ByContext<OfProcess>;

/** The option of a pool whose tasks may run on other machines. */
export interface ClusterPoolOptions {
  /**
   * The cluster whose workers run the tasks: a URL such as `redis://10.0.0.5`, or options. It needs the packages `bullmq` and `ioredis`, and workers that
   * `npx multiproc worker` has started. If left out, the variable `MULTIPROC_CLUSTER` counts, unless the pool has options that only workers of this machine
   * have. `false` means workers of this machine in any case.
   */
  readonly cluster?: string | ClusterOptions | false | undefined;
  /** For a pool of a cluster: labels that a host must have to run its tasks, as `npx multiproc worker --label gpu` gives them. */
  readonly where?: readonly string[] | undefined;
}

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
  cluster: true,
  where: true,
  execArgv: true,
  stdin: true,
  resourceLimits: true,
  context: true,
};
