/** The keys of one pool, all in one slot of a Redis Cluster. `prefix` stands before the names of BullMQ's keys. */
export interface TaskKeys {
  readonly prefix: string;
  /** Hash: job to its sealed tasks, until all of them have a result or are cancelled. */
  readonly tasks: string;
  /** Hash: `job.index` to `starts claim host given` of a started task, or `d` of a task that has ended. */
  readonly starts: string;
  /** Hash: the pool itself; it stays as long as its program lives. */
  readonly pool: string;
  /** Stream: the sealed results. */
  readonly results: string;
  /** Hash: SHA-256 to the sealed function. */
  readonly functions: string;
  /** Set: the ids of blobs that are or were in the server. */
  readonly blobs: string;
}

/** The name of every pool's queue in BullMQ. */
export const QUEUE = 'q';

/** The ends of the names of BullMQ's keys of a queue, besides its jobs: keys that stay, and keys that expire by themselves. */
export const bullKinds = {
  lasting: [
    'wait',
    'active',
    'paused',
    'prioritized',
    'delayed',
    'completed',
    'failed',
    'stalled',
    'events',
    'id',
    'pc',
    'marker',
    'meta',
  ],
  passing: ['stalled-check', 'limiter'],
  /** Those of the lasting ones that a new job may make. */
  added: ['prioritized', 'pc', 'marker', 'events', 'id'],
} as const;

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
    blobs: `${prefix}:b`,
  };
}

/** Returns the key of a blob. Hash: the number of a part to the sealed part. */
export const blobKey = ({ blobs }: TaskKeys, id: string) => `${blobs}:${id}`;

/** Returns the key of the set of the ids of all pools. */
export const poolsKey = (namespace: string) => `mp:${namespace}:pools`;
/** Returns the key of the set of the ids of all hosts. */
export const hostsKey = (namespace: string) => `mp:${namespace}:hosts`;
/** Returns the key of a host. Hash: its description as JSON, its running tasks, sealed, and its lease. It stays for two leases; in the second one the host counts as silent. */
export const hostKey = (namespace: string, host: string) => `mp:${namespace}:h:${host}`;
/** Returns the channel of the hints for hosts. */
export const newsChannel = (namespace: string) => `mp:${namespace}:news`;

/** Returns the keys for the steps of tasks: those of the pool, then BullMQ's keys of claimed and of waiting jobs. */
export function stepKeys({ tasks, starts, pool, results, prefix }: TaskKeys): readonly string[] {
  const ofBull = ['active', 'prioritized', 'wait'].map((key) => `${prefix}:${QUEUE}:${key}`);
  return [tasks, starts, pool, results, ...ofBull];
}

/** Returns the id of a job, which has the number of its tasks and the largest number of starts of each. Both are sealed with the id. */
export const jobId = (number: number, count: number, limit: number) => `j${number}-${count}-${limit}`;

/** Returns the number of tasks of a job, and the largest number of starts of each. */
export function countsOf(job: string): { readonly count: number; readonly limit: number } {
  const [, count, limit] = job.split('-');
  return { count: Number(count), limit: Number(limit) };
}

/** The largest number of tasks of a job. */
export const MOST_IN_JOB = 128;

/** The first letter of a hint for hosts; the pool's id follows. */
export const news = {
  /** There is a pool, or a job in one. */
  JOB: 'j',
  /** The pool has ended. */
  END: 'e',
  /** A task was cancelled: after a blank its job follows, and after another its index there. */
  CANCEL: 'x',
} as const;

/** The places for which values of a pool are sealed. */
export const place = {
  pool: (pool: string) => `pool|${pool}`,
  fn: (pool: string, hash: string) => `function|${pool}|${hash}`,
  host: (id: string) => `host|${id}`,
  task: (pool: string, job: string) => `task|${pool}|${job}`,
  result: (pool: string, job: string) => `result|${pool}|${job}`,
  file: (hash: string) => `file|${hash}`,
  blob: (pool: string, id: string, part: number) => `blob|${pool}|${id}|${part}`,
} as const;
