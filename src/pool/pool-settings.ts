import { assertOptionType, checkOptionNames } from '../contracts/options.ts';
import { argumentsOf, atLeastOne } from '../contracts/task-options.ts';
import { cpuCount } from '../process/cpu-count.ts';
import { type StartMethod, startMethodOf } from '../process/start-method.ts';
import { checkStartOptions, type StartOptions } from '../process/start-options.ts';
import { type PoolOptions, poolOptionNames } from './pool-options.ts';

/** The checked options of a pool, with defaults filled in. */
export interface PoolSettings {
  readonly size: number;
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
  const size = atLeastOne('processes', given.processes, cpuCount());
  assertOptionType('initializer', given.initializer, 'function');
  assertOptionType('finalizer', given.finalizer, 'function');
  assertOptionType('name', given.name, 'string');
  const initargs = given.initargs === undefined ? [] : argumentsOf(given.initargs, 'initargs', 'initializer');
  const startMethod = startMethodOf(given.context);
  const { env, execArgv, stdin, resourceLimits } = given;
  const start = { env, execArgv, stdin, resourceLimits } as StartOptions;
  checkStartOptions(start, startMethod);
  return {
    size,
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
