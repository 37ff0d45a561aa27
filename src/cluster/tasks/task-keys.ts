/** The keys of one pool, which are in one slot, and what BullMQ puts before the names of its own. */
export interface TaskKeys {
  readonly prefix: string;
  /** Hash: job to its sealed tasks, until all of them have a result or were cancelled. */
  readonly tasks: string;
  /** Hash: `job.index` to `starts claim host given` of a task that was started, or `d` of one that has ended. */
  readonly starts: string;
  /** Hash: the pool itself; it lives as long as its program. */
  readonly pool: string;
  /** Stream: the sealed results. */
  readonly results: string;
  /** Hash: SHA-256 to the sealed function. */
  readonly functions: string;
  /** Set: the ids of the blobs that are there, or were. */
  readonly blobs: string;
}

/** The name of every pool's queue in BullMQ. */
export const QUEUE = 'q';

/** The ends of the names of BullMQ's keys of a queue, besides its jobs: those that stay, and those that expire by themselves. */
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

/** Hash: the number of a part to the sealed part of one blob. */
export const blobKey = ({ blobs }: TaskKeys, id: string) => `${blobs}:${id}`;

/** The set of the ids of all pools. */
export const poolsKey = (namespace: string) => `mp:${namespace}:pools`;
/** The set of the ids of all hosts. */
export const hostsKey = (namespace: string) => `mp:${namespace}:hosts`;
/** Hash: what a host says of itself, as JSON, and sealed what it runs; it stays for two leases, in the second of which the host is silent. */
export const hostKey = (namespace: string, host: string) => `mp:${namespace}:h:${host}`;
/** The channel on which programs hint at what is new for hosts. */
export const newsChannel = (namespace: string) => `mp:${namespace}:news`;

/** Returns the keys of the steps of tasks: those of the pool, then BullMQ's of what is claimed and of what waits. */
export function stepKeys({ tasks, starts, pool, results, prefix }: TaskKeys): readonly string[] {
  const ofBull = ['active', 'prioritized', 'wait'].map((key) => `${prefix}:${QUEUE}:${key}`);
  return [tasks, starts, pool, results, ...ofBull];
}

/** Returns the id of a job: it says how many tasks the job has, and how often each may be started. Both are sealed with the id. */
export const jobId = (number: number, count: number, limit: number) => `j${number}-${count}-${limit}`;

/** Returns how many tasks a job has, and how often each may be started. */
export function countsOf(job: string): { readonly count: number; readonly limit: number } {
  const [, count, limit] = job.split('-');
  return { count: Number(count), limit: Number(limit) };
}

/** How many tasks a job has at most. */
export const MOST_IN_JOB = 128;

/** The first letter of a hint on that channel; the pool's id follows. */
export const news = {
  /** There is a pool, or a job in one. */
  JOB: 'j',
  /** The pool has ended. */
  END: 'e',
  /** A task was cancelled: after a blank its job follows, and after another its index there. */
  CANCEL: 'x',
} as const;

/** What a sealed value of a pool belongs to. */
export const place = {
  pool: (pool: string) => `pool|${pool}`,
  fn: (pool: string, hash: string) => `function|${pool}|${hash}`,
  host: (id: string) => `host|${id}`,
  task: (pool: string, job: string) => `task|${pool}|${job}`,
  result: (pool: string, job: string) => `result|${pool}|${job}`,
  file: (hash: string) => `file|${hash}`,
  blob: (pool: string, id: string, part: number) => `blob|${pool}|${id}|${part}`,
} as const;
