import type { ByContext, OfProcess, OptionNames } from './start-options.ts';

/** Arguments of a target. */
// biome-ignore lint/suspicious/noExplicitAny: a target may take anything; `args` is checked against it.
export type AnyArgs = readonly any[];

/** What a process or thread is made with, whichever it is. */
export interface CommonProcessOptions<A extends AnyArgs> {
  /** The function to run in the new process; any function, closures included. It may be async. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** The arguments of the target. */
  readonly args?: readonly [...A] | undefined;
  /** A label, not unique; the class's and a number if left out: `Process-1`, its children `Process-1:1` and so on. */
  readonly name?: string | undefined;
  /** A daemon does not keep its parent alive, and ends with it; as its parent is, if left out. */
  readonly daemon?: boolean | undefined;
  /** Environment variables, added to the inherited ones. Such a process is started anew, not from a spare. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * `terminate`, `interrupt` and `kill` end also what the process has started by other means than this library, unless that has a
   * session of its own: what `child_process` started, and what that has started in turn.
   */
  readonly descendants?: boolean | undefined;
}

/** What only a process of the operating system is made with. */
export interface DetachableOptions extends OfProcess {
  /** The process outlives its parent, even a crash of it, in a session of its own. A thread cannot: a `PlatformError`. */
  readonly detached?: boolean | undefined;
}

/**
 * What a process is made with. `context` says whose start method it has: `getContext('thread')` makes it a worker thread; the program's
 * if left out.
 */
export type ProcessOptions<A extends AnyArgs> = CommonProcessOptions<A> & WithArgs<A> & ByContext<DetachableOptions>;

/** A target that cannot do without arguments is given them. */
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
