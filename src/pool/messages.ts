/** The messages between owner and workers. Each is sent as one parcel whose tag names the task. */

/** How a task calls its function. */
export const way = {
  /** Once, with all arguments. */
  CALL: 0,
  /** Once for each item of a chunk. */
  EACH: 1,
  /** Once for each item of a chunk, whose elements are the arguments. */
  STAR: 2,
  /** Once with the whole chunk and the index of its first item. */
  CHUNK: 3,
} as const;
export type Way = (typeof way)[keyof typeof way];
/** The method that users call, for each way. */
export const callOf = ['apply', 'map', 'starmap', 'mapChunks'] as const;

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
  /** The result of one call. */
  RESULT: 1,
  /** The error that the function threw, or the reason for which the task could not be run. */
  ERROR: 2,
  /** EACH or STAR: all results in order, and the errors by their index in the chunk. */
  RESULTS: 3,
  /** The initializer threw, and the worker ends. The tag has no meaning. */
  BROKEN: 4,
  /** The worker takes no more tasks and ends in order when it has none in hand. The tag has no meaning. */
  LEAVING: 5,
  /** An uncaught error ends the worker now. The tag has no meaning. */
  UNCAUGHT: 6,
} as const;

export type ReportMessage =
  | readonly [kind: typeof report.STARTED]
  | readonly [kind: typeof report.RESULT, value: unknown]
  | readonly [kind: typeof report.ERROR, error: unknown]
  | readonly [kind: typeof report.BROKEN | typeof report.UNCAUGHT, error: unknown, member: number]
  | readonly [kind: typeof report.LEAVING, member: number]
  | readonly [kind: typeof report.RESULTS, values: unknown[], errors: [index: number, error: unknown][]];
