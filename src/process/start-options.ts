import type { ResourceLimits } from 'node:worker_threads';
import { PlatformError } from '../contracts/errors.ts';
import { assertOptions, assertOptionType } from '../contracts/options.ts';
import type { StartContext, StartMethod } from './start-method.ts';

/** The start options that a process of the operating system has and a thread has not. */
export interface OfProcess {
  /**
   * Options of node, added to those of this program. If an option is given twice, the last one counts. Such a process is a new one
   * instead of a spare.
   */
  readonly execArgv?: readonly string[] | undefined;
  /** The standard input: none, or that of this process. `ignore` by default. */
  readonly stdin?: 'ignore' | 'inherit' | undefined;
}

/** The start option that a thread has and a process has not; a process has `execArgv`. */
export interface OfThread {
  /**
   * Memory limits of the thread, as for `new Worker` of Node. Above a limit Node 20 and 22 end the thread and not the process; later versions
   * may end the process, or collect garbage without end.
   */
  readonly resourceLimits?: ResourceLimits | undefined;
}

type Without<Options> = { readonly [name in keyof Options]?: undefined };

/** The further options for each context. A context of either kind allows only the options that both kinds have. */
export type ByContext<Process extends OfProcess> =
  | (Process & OfThread & { readonly context?: undefined })
  | ByMethod<Process, 'spawn', { readonly context: StartContext<'spawn'> }>
  | ByMethod<Process, 'thread', { readonly context: StartContext<'thread'> }>
  | ByMethod<Process, StartMethod, { readonly context: StartContext }>;

/** The further options if the start method is known in another way. */
export type ByMethod<Process extends OfProcess, Method extends StartMethod, And = unknown> = And &
  ([Method] extends ['spawn']
    ? Process & Without<OfThread>
    : [Method] extends ['thread']
      ? OfThread & Without<Process>
      : Without<Process & OfThread>);

/** The names of the options, for any context. */
export type OptionNames<Options> = Options extends unknown ? keyof Options : never;

/** The start options of a process or of the workers of a pool. */
export interface StartOptions extends OfProcess, OfThread {
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Throws if an option is invalid, and a `PlatformError` for an option that this kind of process does not have. */
export function checkStartOptions({ env, execArgv, stdin, resourceLimits }: StartOptions, method: StartMethod): void {
  checkEnv(env);
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((each) => typeof each === 'string'))) {
    throw new TypeError("execArgv must be an array of options of node, such as ['--max-old-space-size=512']");
  }
  assertOptionType('stdin', stdin, 'string');
  if (stdin !== undefined && stdin !== 'ignore' && stdin !== 'inherit') {
    throw new RangeError(`stdin must be 'ignore' or 'inherit', not '${stdin}'`);
  }
  if (resourceLimits !== undefined) assertOptions(resourceLimits, '{ maxOldGenerationSizeMb: 512 }');
  if (method === 'thread') {
    if (execArgv !== undefined)
      throw refusal('execArgv', 'a thread has the options of its process; see resourceLimits');
    if (stdin !== undefined) throw refusal('stdin', 'a thread has none: its process reads it');
  } else if (resourceLimits !== undefined) {
    throw refusal('resourceLimits', "it is for threads; for a process say execArgv: ['--max-old-space-size=512']");
  }
}

function refusal(option: string, why: string): PlatformError {
  return new PlatformError(`There is no ${option} here: ${why}.`);
}

function checkEnv(env: unknown): void {
  if (env === undefined) return;
  if (typeof env !== 'object' || env === null) throw new TypeError('env must be an object: variables by name');
  const other = Object.entries(env).find(([, value]) => typeof value !== 'string');
  if (other !== undefined) throw new TypeError(`env.${other[0]} must be a string, not ${typeof other[1]}`);
}
