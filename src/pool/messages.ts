/** What owner and workers say to each other; each crosses as one parcel whose tag names the task. */

/** How a task uses its function. */
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
/** What users call, for each way. */
export const callOf = ['apply', 'map', 'starmap', 'mapChunks'] as const;

/**
 * A task: the number and the granule of its function, the way, whether the owner wants to hear of its start, then the
 * arguments (CALL) or the chunk, where the chunk starts, and the modules to import before the function is decoded, if any.
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

/** Where in a `TaskMessage` the user's own values are. */
export const INPUT_AT = 4;

/** What a report is about. */
export const report = {
  /** The task has started. */
  STARTED: 0,
  /** What the function returned, once. */
  RESULT: 1,
  /** What it threw, or why the task could not be run at all. */
  ERROR: 2,
  /** EACH or STAR: all results in order, and the errors by the index in the chunk. */
  RESULTS: 3,
  /** The initializer threw; the worker ends. The tag means nothing. */
  BROKEN: 4,
  /** This worker takes no more tasks and ends when it has none in hand, as it should. The tag means nothing. */
  LEAVING: 5,
  /** An error that nobody caught ends this worker now. The tag means nothing. */
  UNCAUGHT: 6,
} as const;

export type ReportMessage =
  | readonly [kind: typeof report.STARTED]
  | readonly [kind: typeof report.RESULT, value: unknown]
  | readonly [kind: typeof report.ERROR, error: unknown]
  | readonly [kind: typeof report.BROKEN | typeof report.UNCAUGHT, error: unknown, member: number]
  | readonly [kind: typeof report.LEAVING, member: number]
  | readonly [kind: typeof report.RESULTS, values: unknown[], errors: [index: number, error: unknown][]];
