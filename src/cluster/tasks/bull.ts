import { NativeDate } from '../../engine/builtins.ts';
import { assertInstalled } from '../assert-installed.ts';
import type { Redis } from '../redis.ts';
import type { Client } from '../redis-client.ts';
import { EXTEND } from '../scripts/membership.ts';
import { SUBMIT } from '../scripts/submit.ts';
import { QUEUE, type TaskKeys } from './task-keys.ts';

/** The steps of a queue. BullMQ's own jobs and workers take the same steps; around them they do much for features that are not used here. */
interface Backend {
  addJob(job: object, id: string): Promise<unknown>;
  moveToActive(token: string): Promise<readonly [job?: object | null, id?: string]>;
  moveToCompleted(job: object, value: string, remove: undefined, token: string, fetchNext: boolean): Promise<unknown>;
  moveJobFromActiveToWait(id: string, token: string): Promise<unknown>;
}

/** The queue of a pool, as programs see it. */
export interface BullQueue {
  readonly backend: Backend;
  remove(id: string): Promise<unknown>;
  /** Fields that dashboards and scripts of BullMQ read. */
  readonly metaValues: Readonly<Record<string, string | number>>;
  on(event: string, listener: (error: Error) => void): void;
}

/** The queue of a pool, as hosts see it. */
export interface BullWorker {
  readonly backend: Backend;
  /** Looks once for jobs whose host has died. */
  moveStalledJobsToWait(): Promise<void>;
  close(force?: boolean): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'stalled', listener: (job: string) => void): void;
}

type BullMQ = {
  Queue: new (name: string, options: object) => BullQueue;
  Worker: new (name: string, processor: null, options: object) => BullWorker;
};

/** The number of events that BullMQ keeps for dashboards. */
const EVENTS = 100;
/** Returns the milliseconds between two looks for jobs whose host has died: two looks, after the lease, find a job. */
export const lookInterval = (lease: number) => Math.min(2000, lease / 2);

/** BullMQ starts jobs with a small number first, and has numbers up to 2 ** 21. */
const MIDDLE_PRIORITY = 2 ** 20;

/** The code of BullMQ's error. */
const NO_SUCH_JOB = -1;

/** What is said of each job. */
const ADDED = { name: 'tasks', data: '{}' };
const OPTIONS = { removeOnComplete: true, removeOnFail: true, attempts: 0 };

/** Adds a job; one that is there already stays as it is. */
export function addJob({ backend }: BullQueue, id: string, priority: number): Promise<unknown> {
  const opts = { ...OPTIONS, jobId: id, priority: priorityOf(priority) };
  return backend.addJob({ ...ADDED, id, timestamp: NativeDate.now(), opts }, id);
}

/** Claims the next job under this token; resolves to its id, or to undefined if there is none. */
export async function claimJob({ backend }: BullWorker, token: string): Promise<string | undefined> {
  const [job, id] = await backend.moveToActive(token);
  return job == null ? undefined : id;
}

/** A claimed job is done, unless it is gone with its pool. */
export async function completeJob({ backend }: BullWorker, id: string, token: string): Promise<void> {
  try {
    await backend.moveToCompleted({ id, opts: {} }, '', undefined, token, false);
  } catch (error) {
    if ((error as { code?: number }).code !== NO_SUCH_JOB) throw error;
  }
}

/** A claimed job waits again. */
export function putBackJob({ backend }: BullWorker, id: string, token: string): Promise<unknown> {
  return backend.moveJobFromActiveToWait(id, token);
}

/** Opens the queue of a pool for its program. This file alone knows BullMQ. */
export function openQueue({ prefix }: TaskKeys, client: Client): BullQueue {
  const queue = new (bullmq().Queue)(QUEUE, {
    prefix,
    connection: client,
    streams: { events: { maxLen: EVENTS } },
    // Not before the pool is there: it would stay for ever if this process died in between.
    skipMetasUpdate: true,
  });
  queue.on('error', () => {});
  return queue;
}

/** Where the lease of a pool and the number of its life stand beside what BullMQ knows of its queue. */
const LEASE = 'multiproc:lease';
const LIFE = 'multiproc:life';
const descriptionOf = ({ prefix }: TaskKeys) => `${prefix}:${QUEUE}:meta`;

interface Description {
  /** The number of jobs that may run at once, 0 for any number. */
  readonly processes: number;
  readonly lease: number;
  /** The number of times that the pool had to be made in the server. */
  readonly life: number;
}

/**
 * Stores what scripts of BullMQ must know of the queue: how many events it keeps, and how many jobs may run at once. Stores the lease of the pool, too:
 * hosts must know it when the pool itself is gone. The life is there until the pool is removed.
 */
export async function describeQueue(
  redis: Redis,
  names: TaskKeys,
  { metaValues }: BullQueue,
  { processes: most, lease, life }: Description,
): Promise<void> {
  const fields = Object.entries({ ...metaValues, [LEASE]: lease, [LIFE]: life })
    .flat()
    .map(String);
  if (most > 0) fields.push('concurrency', String(most));
  await redis.command('HSET', descriptionOf(names), ...fields);
}

/** Resolves to the life of a pool as `describeQueue` has stored it; to `undefined` if the pool was removed. */
export async function lifeOfQueue(redis: Redis, names: TaskKeys): Promise<number | undefined> {
  const life = await redis.command('HGET', descriptionOf(names), LIFE);
  return life === null ? undefined : Number(life);
}

/** Stores the tasks of new jobs, `[job, tasks, job, tasks…]`, if the pool still has this life; resolves to false if not. */
export async function storeTasks(
  redis: Redis,
  names: TaskKeys,
  life: number,
  tasks: readonly (string | Uint8Array)[],
): Promise<boolean> {
  // With its text: a script that the server does not know yet would come behind the commands that follow.
  const stored = await redis.command(
    'EVAL',
    SUBMIT,
    '2',
    names.tasks,
    descriptionOf(names),
    LIFE,
    String(life),
    ...tasks,
  );
  return stored === 1;
}

/** Opens the queue of a pool for a host, which looks for lost jobs itself. Our own marks limit the starts of a task, so BullMQ may recover a job without end. */
export function openWorker(
  { prefix }: TaskKeys,
  client: Client,
  lease: number,
  onStalled: (job: string) => void,
): BullWorker {
  const worker = new (bullmq().Worker)(QUEUE, null, {
    prefix,
    connection: client,
    autorun: false,
    lockDuration: lease,
    // Only one host looks within this time, which is over at the next look of this host.
    stalledInterval: Math.floor(0.9 * lookInterval(lease)),
    skipStalledCheck: true,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', () => {});
  worker.on('stalled', onStalled);
  return worker;
}

/** Resolves to the lease of the pool as `describeQueue` has stored it; to 0 if the server has lost it. */
export async function leaseOfQueue(redis: Redis, names: TaskKeys): Promise<number> {
  return Number(await redis.command('HGET', descriptionOf(names), LEASE));
}

/** Extends the claim of a job; resolves to false if the claim is over. */
export async function extendClaim(
  redis: Redis,
  { prefix }: TaskKeys,
  job: string,
  claim: string,
  lease: number,
): Promise<boolean> {
  const start = `${prefix}:${QUEUE}`;
  const keys = [`${start}:${job}:lock`, `${start}:stalled`];
  return (await redis.run({ name: 'mpExtend', text: EXTEND }, keys, [claim, String(lease), job], false))[0] === 1;
}

/** Resolves to the job that a host with a free slot would get now; to `undefined` if there is none, or if the queue is paused or at its limit. */
export async function nextJob(redis: Redis, { prefix }: TaskKeys): Promise<string | undefined> {
  const start = `${prefix}:${QUEUE}`;
  const [meta, active, waiting, prioritized] = (await Promise.all([
    redis.command('HMGET', `${start}:meta`, 'paused', 'concurrency'),
    redis.command('LLEN', `${start}:active`),
    redis.command('LINDEX', `${start}:wait`, '-1'),
    redis.command('ZRANGE', `${start}:prioritized`, '0', '0'),
  ])) as [(Buffer | null)[], number, Buffer | null, Buffer[]];
  const [paused, most] = meta;
  if (paused != null || (most != null && active >= Number(most))) return undefined;
  return (waiting ?? prioritized[0])?.toString();
}

function bullmq(): BullMQ {
  return require('bullmq') as BullMQ;
}

/** Throws unless the packages of the cluster's tasks are installed. */
export function assertBullInstalled(): void {
  assertInstalled('Pools of a cluster need two more packages', ['bullmq', 'ioredis']);
}

/** A priority as BullMQ has it. */
function priorityOf(priority: number): number {
  const bounded = Math.max(1 - MIDDLE_PRIORITY, Math.min(MIDDLE_PRIORITY - 1, Math.round(priority)));
  return MIDDLE_PRIORITY - bounded;
}
