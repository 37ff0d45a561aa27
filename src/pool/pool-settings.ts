import type { ClusterOptions } from '../contracts/cluster-options.ts';
import { assertOptionType, checkOptionNames } from '../contracts/options.ts';
import { argumentsOf, atLeastOne } from '../contracts/task-options.ts';
import { cpuCount } from '../process/cpu-count.ts';
import { type StartMethod, startMethodOf } from '../process/start-method.ts';
import { checkStartOptions, type StartOptions } from '../process/start-options.ts';
import { type PoolOptions, poolOptionNames } from './pool-options.ts';

/** The checked options of a pool, with defaults filled in. */
export interface PoolSettings {
  readonly size: number;
  /** The largest number of workers, as it was given. */
  readonly processes: number | undefined;
  /** The cluster that runs the tasks; undefined for workers of this machine. */
  readonly cluster: string | ClusterOptions | undefined;
  /** The labels that a host of the cluster must have. */
  readonly where: readonly string[];
  readonly name: string;
  readonly concurrency: number;
  readonly maxTasks: number;
  readonly maxMemory: number;
  readonly initializer: PoolOptions['initializer'];
  readonly initargs: readonly unknown[];
  readonly finalizer: PoolOptions['finalizer'];
  readonly startMethod: StartMethod;
  readonly start: StartOptions;
}

/** Reads the options of a pool. Throws for invalid values and for unknown option names. */
export function readPoolOptions(options: number | PoolOptions): PoolSettings {
  const given = typeof options === 'number' ? { processes: options } : options;
  checkOptionNames('Pool', given, poolOptionNames);
  const size = given.processes === undefined ? cpuCount() : atLeastOne('processes', given.processes, 1);
  assertOptionType('initializer', given.initializer, 'function');
  assertOptionType('finalizer', given.finalizer, 'function');
  assertOptionType('name', given.name, 'string');
  const initargs = given.initargs === undefined ? [] : argumentsOf(given.initargs, 'initargs', 'initializer');
  const startMethod = startMethodOf(given.context);
  const { env, execArgv, stdin, resourceLimits } = given;
  const start = { env, execArgv, stdin, resourceLimits } as StartOptions;
  checkStartOptions(start, startMethod);
  const cluster = clusterOf(given);
  return {
    size,
    processes: given.processes,
    cluster,
    where: whereOf(given, cluster),
    name: given.name ?? 'PoolWorker',
    concurrency: atLeastOne('concurrency', given.concurrency, 1),
    maxTasks: atLeastOne('maxTasksPerChild', given.maxTasksPerChild, Infinity),
    maxMemory: atLeastOne('maxMemoryPerChild', given.maxMemoryPerChild, Infinity),
    initializer: given.initializer,
    initargs,
    finalizer: given.finalizer,
    startMethod,
    start,
  };
}

/** What only workers of this machine can be told. */
const onlyHere = ['context', 'execArgv', 'stdin', 'resourceLimits'] as const;

function clusterOf(given: PoolOptions): string | ClusterOptions | undefined {
  const { cluster } = given;
  if (cluster === false) return undefined;
  const here = onlyHere.find((name) => given[name] !== undefined);
  if (cluster === undefined) {
    // A pool that a task makes on a host stays there.
    const { MULTIPROC_CLUSTER: url, MULTIPROC_HOST: host } = process.env;
    return here === undefined && !host ? url || undefined : undefined;
  }
  if (here !== undefined) {
    throw new TypeError(
      `A Pool of a cluster does not choose ${here}: its workers are started by the hosts. Give it to npx multiproc worker, or leave cluster out.`,
    );
  }
  return cluster;
}

function whereOf({ where = [] }: PoolOptions, cluster: unknown): readonly string[] {
  if (!Array.isArray(where) || !where.every((label) => typeof label === 'string')) {
    throw new TypeError('where must be an array of strings, the labels that a host must have');
  }
  if (where.length > 0 && cluster === undefined) {
    throw new TypeError(
      'where chooses hosts of a cluster, and this Pool has none: give it a cluster, or leave where out.',
    );
  }
  return where;
}
