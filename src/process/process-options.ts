import type { ByContext, OfProcess, OptionNames } from './start-options.ts';

/** The arguments of a target. */
// biome-ignore lint/suspicious/noExplicitAny: a target may take anything; `args` is checked against it.
export type AnyArgs = readonly any[];

/** The options that processes and threads have in common. */
export interface CommonProcessOptions<A extends AnyArgs> {
  /** The function to run in the new process. Any function, closures included; it may be async. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** The arguments of the target. */
  readonly args?: readonly [...A] | undefined;
  /** A label, not necessarily unique. The default is the class name and a number: `Process-1`, for its children `Process-1:1` and so on. */
  readonly name?: string | undefined;
  /** A daemon does not keep its parent alive and ends with it. The default is the parent's own value. */
  readonly daemon?: boolean | undefined;
  /** Environment variables, added to the inherited ones. Such a process is a new one instead of a spare. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * With true, `terminate`, `interrupt` and `kill` also end the programs that the process has started without this library, for example
   * by `child_process`, and the programs that those have started. A program in a session of its own goes on. Where
   * there are no processes (see `platformInfo`), throws a `PlatformError`.
   */
  readonly descendants?: boolean | undefined;
}

/** The options that only a process of the operating system has. */
export interface DetachableOptions extends OfProcess {
  /** The process outlives its parent, even a crash of the parent, in a session of its own. With a thread, throws a `PlatformError`. */
  readonly detached?: boolean | undefined;
}

/**
 * The options of `new Process()`. `context` chooses the start method: with `getContext('thread')` the process is a worker thread. The
 * default is the start method of the program.
 */
export type ProcessOptions<A extends AnyArgs> = CommonProcessOptions<A> & WithArgs<A> & ByContext<DetachableOptions>;

/** If the target has required parameters, `args` is required. */
export type WithArgs<A extends AnyArgs> = [] extends A ? unknown : { readonly args: readonly [...A] };

/** The names of all options. */
export const processOptionNames: Record<OptionNames<ProcessOptions<AnyArgs>>, true> = {
  target: true,
  args: true,
  name: true,
  daemon: true,
  detached: true,
  env: true,
  descendants: true,
  execArgv: true,
  stdin: true,
  resourceLimits: true,
  context: true,
};
