/** The keys of one pool, which are in one slot, and what BullMQ puts before the names of its own. */
export interface TaskKeys {
  readonly prefix: string;
  /** Hash: task id to the sealed task, until its result is there or it was cancelled. */
  readonly tasks: string;
  /** Hash: task id to `starts host claim`, of tasks that were started. */
  readonly starts: string;
  /** Hash: the pool itself; it lives as long as its program. */
  readonly pool: string;
  /** Stream: the sealed results. */
  readonly results: string;
  /** Hash: SHA-256 to the sealed function. */
  readonly functions: string;
}

/** The name of every pool's queue in BullMQ. */
export const QUEUE = 'q';

/** Returns the keys of the pool with this id. */
export function taskKeys(namespace: string, pool: string): TaskKeys {
  const prefix = `mp:${namespace}:{p:${pool}}`;
  return {
    prefix,
    tasks: `${prefix}:t`,
    starts: `${prefix}:s`,
    pool: `${prefix}:o`,
    results: `${prefix}:r`,
    functions: `${prefix}:f`,
  };
}

/** The set of the ids of all pools. */
export const poolsKey = (namespace: string) => `mp:${namespace}:pools`;
/** The set of the ids of all hosts. */
export const hostsKey = (namespace: string) => `mp:${namespace}:hosts`;
/** Hash: what a host says of itself, as JSON, and sealed what it runs; it lives as long as the host. */
export const hostKey = (namespace: string, host: string) => `mp:${namespace}:h:${host}`;
/** The channel on which programs hint at what is new for hosts. */
export const newsChannel = (namespace: string) => `mp:${namespace}:news`;

/** The first letter of a hint on that channel; the pool's id follows. */
export const news = {
  /** There is a pool, or a job in one. */
  JOB: 'j',
  /** The pool has ended. */
  END: 'e',
  /** A task was cancelled: after a blank its id follows. */
  CANCEL: 'x',
} as const;

/** What a sealed value of a pool belongs to. */
export const place = {
  pool: (pool: string) => `pool|${pool}`,
  fn: (pool: string, hash: string) => `function|${pool}|${hash}`,
  task: (pool: string, id: string, limit: number) => `task|${pool}|${id}|${limit}`,
  host: (id: string) => `host|${id}`,
  result: (pool: string, id: string) => `result|${pool}|${id}`,
  file: (hash: string) => `file|${hash}`,
} as const;
