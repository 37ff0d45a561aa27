import type { ResourceLimits } from 'node:worker_threads';
import { PlatformError } from '../errors.ts';
import { assertOptions, assertOptionType } from '../options.ts';
import type { StartContext, StartMethod } from './start-method.ts';

/** What a process of the operating system can be started with, and a thread cannot. */
export interface OfProcess {
  /** Options of node, added to those that this program was started with; of one that is given twice the last counts. Such a process is started anew, not from a spare. */
  readonly execArgv?: readonly string[] | undefined;
  /** Where it reads standard input: nowhere, or where this process does. `ignore` if left out. */
  readonly stdin?: 'ignore' | 'inherit' | undefined;
}

/** What a thread can be started with, and a process cannot: that has `execArgv`. */
export interface OfThread {
  /** How much memory the thread may take, as for `new Worker` of Node: beyond it the thread ends, not the process. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

type Without<Options> = { readonly [name in keyof Options]?: undefined };

/** What else the options may hold, by the context that is among them: a context that may be of either kind allows what both can have. */
export type ByContext<Process extends OfProcess> =
  | (Process & OfThread & { readonly context?: undefined })
  | ByMethod<Process, 'spawn', { readonly context: StartContext<'spawn'> }>
  | ByMethod<Process, 'thread', { readonly context: StartContext<'thread'> }>
  | ByMethod<Process, StartMethod, { readonly context: StartContext }>;

/** The same where the start method is known in another way. */
export type ByMethod<Process extends OfProcess, Method extends StartMethod, And = unknown> = And &
  ([Method] extends ['spawn']
    ? Process & Without<OfThread>
    : [Method] extends ['thread']
      ? OfThread & Without<Process>
      : Without<Process & OfThread>);

/** The names of the options, whatever the context. */
export type OptionNames<Options> = Options extends unknown ? keyof Options : never;

/** What a process, or the workers of a pool, are started with. */
export interface StartOptions extends OfProcess, OfThread {
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Throws what is wrong with them: a `PlatformError` for what this kind cannot have. */
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
