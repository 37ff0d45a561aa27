/**
 * The numbers of all kinds of shared objects. The number of its kind is the first word of an object, so that any member can take the object
 * apart or make its class for it. The class's own file says how, by `defineKind`.
 */
export const kinds = {
  LOCK: 1,
  QUEUE: 2,
  SIMPLE_QUEUE: 3,
  JOINABLE_QUEUE: 4,
  RLOCK: 5,
  SEMAPHORE: 6,
  BOUNDED_SEMAPHORE: 7,
  EVENT: 8,
  CONDITION: 9,
  BARRIER: 10,
  TASK_BOARD: 32,
  PIPE: 40,
  /** The messages that carry an end of a pipe. */
  IN_FLIGHT: 41,
  DESCRIPTOR: 42,
  SHARED_VALUE: 48,
  SHARED_ARRAY: 49,
  SHARED_BYTES: 50,
  RETURNS: 56,
  LEASE: 57,
  /** A value that `share` encoded. */
  SHARED: 58,
  /** The content of a variable that several functions captured. */
  CONTENT: 59,
  /** What a new process or thread has to run. */
  ASSIGNMENT: 60,
} as const;
