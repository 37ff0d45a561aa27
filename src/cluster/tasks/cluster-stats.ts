import type { Redis } from '../redis.ts';
import { type HostInfo, readHosts, type TaskCounts } from './read-hosts.ts';
import { countsOf, poolsKey, taskKeys } from './task-keys.ts';

/** The load of a pool of a cluster. */
export interface ClusterPoolStats {
  /** The id of the pool, as in `HostInfo.pools` and `HostInfo.refuses`. */
  readonly id: string;
  /** The largest number of tasks that run at once; `undefined` without a bound. */
  readonly processes: number | undefined;
  /** The number of tasks that were started and have no result yet. */
  readonly running: number;
  /** The number of tasks that were not started yet. It includes tasks that wait in the program, whose number is up to 5 s old. */
  readonly waiting: number;
}

/** The load of a cluster. */
export interface ClusterStats {
  /** The number of slots of all hosts that take tasks. */
  readonly slots: number;
  /** The number of slots that could be busy now: for each pool the number of its tasks, but at most its `processes`. */
  readonly slotsWanted: number;
  /** The number of hosts, including draining ones. */
  readonly hosts: number;
  /** The pools of living programs. */
  readonly pools: readonly ClusterPoolStats[];
  /** The tasks that the present hosts have run, each since its start. */
  readonly tasks: TaskCounts;
}

/** Reads the load of a cluster. */
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
  // The pool has ended, or its program is dead.
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
