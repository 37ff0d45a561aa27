import type { Redis } from '../redis.ts';
import { type HostInfo, readHosts, type TaskCounts } from './read-hosts.ts';
import { countsOf, poolsKey, taskKeys } from './task-keys.ts';

/** A pool of a cluster, as its server sees it. */
export interface ClusterPoolStats {
  /** The id of the pool; hosts name it where they say what they run or refuse. */
  readonly id: string;
  /** How many tasks may run at once; undefined without a bound. */
  readonly processes: number | undefined;
  /** Tasks that were started, and have no result yet. */
  readonly running: number;
  /** Tasks that were not started yet, those that still wait in the program included; that part of the number is up to 5 s old. */
  readonly waiting: number;
}

/** What a cluster has to do, and who is there to do it. */
export interface ClusterStats {
  /** The slots of all hosts that take tasks. */
  readonly slots: number;
  /** The slots that could be busy now: of each pool its tasks, but no more than its `processes`. */
  readonly slotsWanted: number;
  /** The hosts, those that drain included. */
  readonly hosts: number;
  /** The pools whose programs live. */
  readonly pools: readonly ClusterPoolStats[];
  /** What the hosts that are there now have done since each began. */
  readonly tasks: TaskCounts;
}

/** Reads what a cluster has to do. */
export async function readStats(redis: Redis, namespace: string): Promise<ClusterStats> {
  const [hosts, pools] = await Promise.all([readHosts(redis, namespace), readPools(redis, namespace)]);
  const up = hosts.filter(({ state }) => state === 'up');
  return {
    slots: up.reduce((sum, { slots }) => sum + slots, 0),
    slotsWanted: pools.reduce(
      (sum, { processes = Number.POSITIVE_INFINITY, running, waiting }) => sum + Math.min(processes, running + waiting),
      0,
    ),
    hosts: hosts.length,
    pools,
    tasks: sumOf(hosts),
  };
}

async function readPools(redis: Redis, namespace: string): Promise<ClusterPoolStats[]> {
  const ids = await redis.members(poolsKey(namespace));
  const found = await Promise.all(ids.map((id) => readPool(redis, namespace, id)));
  return found.filter((pool) => pool !== undefined);
}

async function readPool(redis: Redis, namespace: string, id: string): Promise<ClusterPoolStats | undefined> {
  const names = taskKeys(namespace, id);
  const [about, jobs, states] = (await Promise.all([
    redis.command('HMGET', names.pool, 'lease', 'processes', 'backlog'),
    redis.command('HKEYS', names.tasks),
    redis.command('HVALS', names.starts),
  ])) as [(Buffer | null)[], Buffer[], Buffer[]];
  const [lease, processes, backlog] = about.map((field) => (field === null ? undefined : Number(field)));
  // Its program is dead, or has ended it.
  if (lease === undefined) return undefined;
  let tasks = 0;
  // Another program may have written this into the server: it is no job.
  for (const job of jobs) tasks += countsOf(String(job)).count || 0;
  let running = 0;
  for (const state of states) {
    if (String(state) === 'd') tasks--;
    else if (String(state).split(' ')[1] !== '-') running++;
  }
  const waiting = Math.max(0, tasks - running) + (backlog ?? 0);
  return { id, processes: processes || undefined, running, waiting };
}

function sumOf(hosts: readonly HostInfo[]): TaskCounts {
  const sum = { started: 0, done: 0, failed: 0, lost: 0, refused: 0 };
  for (const { tasks } of hosts) {
    sum.started += tasks.started;
    sum.done += tasks.done;
    sum.failed += tasks.failed;
    sum.lost += tasks.lost;
    sum.refused += tasks.refused;
  }
  return sum;
}
