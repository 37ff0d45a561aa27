import { type Outcome, outcome, type Way } from '../contracts/executor.ts';

/** The messages between owner and workers. Each is sent as one parcel whose tag names the task. */

/**
 * A task: the number and the granule of its function, the way, whether the owner wants a report of its start, then the arguments (CALL)
 * or the chunk, the index at which the chunk starts, and the modules to import before the function is decoded, if any.
 */
export type TaskMessage = readonly [
  fn: number,
  granule: number,
  way: Way,
  announced: boolean,
  input: ArrayLike<unknown>,
  start: number,
  modules?: readonly string[],
];

/** The index of the user's own values in a `TaskMessage`. */
export const INPUT_AT = 4;

/** The kinds of reports. */
export const report = {
  /** The task has started. */
  STARTED: 0,
  ...outcome,
  /** The initializer threw, and the worker ends. The tag has no meaning. */
  BROKEN: 4,
  /** The worker takes no more tasks and ends in order when it has none in hand. The tag has no meaning. */
  LEAVING: 5,
  /** An uncaught error ends the worker now. The tag has no meaning. */
  UNCAUGHT: 6,
} as const;

export type ReportMessage =
  | Outcome
  | readonly [kind: typeof report.STARTED]
  | readonly [kind: typeof report.BROKEN | typeof report.UNCAUGHT, error: unknown, member: number]
  | readonly [kind: typeof report.LEAVING, member: number];
