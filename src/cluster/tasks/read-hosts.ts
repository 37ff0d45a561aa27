import type { Redis } from '../redis.ts';
import type { Seal } from '../seal.ts';
import { hostKey, hostsKey, place } from './task-keys.ts';

/** The numbers of tasks of hosts since they started. */
export interface TaskCounts {
  /** Starts of tasks; a task that runs again counts again. */
  readonly started: number;
  /** Tasks that ended, with a result or with an error. */
  readonly done: number;
  /** Tasks of `done` that ended with an error. */
  readonly failed: number;
  /** Tasks of lost hosts that these hosts found, and that have no start left. */
  readonly lost: number;
  /** Messages that were not sealed for their place by a key of the cluster, and were not decoded. */
  readonly refused: number;
}

/** The tasks of one pool that run on a host. */
export interface HostedPoolInfo {
  /** The id of the pool. */
  readonly pool: string;
  /** The name of the pool, empty if it has none. */
  readonly name: string;
  /** The names of the functions of the running tasks. */
  readonly tasks: readonly string[];
}

/** A host of a cluster, as it describes itself. */
export interface HostInfo {
  /** Unique to this host: a later host on the same machine has another id. */
  readonly id: string;
  /** The name that it was started with; by default the name of its machine. */
  readonly name: string;
  /** The number of tasks that it runs at once. */
  readonly slots: number;
  /** The number of busy slots. */
  readonly running: number;
  /** The running tasks. Empty for programs with another key, because only the key opens the names. */
  readonly pools: readonly HostedPoolInfo[];
  /** The numbers of its tasks since it started. */
  readonly tasks: TaskCounts;
  /** The labels that it was started with. */
  readonly labels: readonly string[];
  /** The version of Node. */
  readonly node: string;
  /** The version of multiproc. */
  readonly multiproc: string;
  /** The system and the architecture, such as `linux x64`. */
  readonly platform: string;
  /** The process id of the host on its machine. */
  readonly pid: number;
  /** `draining` if it takes no more tasks. */
  readonly state: 'up' | 'draining';
  /** The pools that it cannot serve, and why. */
  readonly refuses: readonly { readonly pool: string; readonly why: string }[];
}

/** What a host has said of itself, its lease, and whether it has said nothing for a lease: it may be dead, or about to say something. */
export interface HeardHost {
  readonly info: HostInfo;
  readonly lease: number;
  readonly isSilent: boolean;
}

/** Resolves to the descriptions of all living hosts. With `seal`, they have the names of the running tasks. */
export async function readHosts(redis: Redis, namespace: string, seal?: Seal): Promise<HostInfo[]> {
  const heard = await hearHosts(redis, namespace, seal);
  return heard.filter(({ isSilent }) => !isSilent).map(({ info }) => info);
}

/** Resolves to the descriptions that hosts have sent in the last two leases. With `seal`, they have the names of the running tasks. */
export async function hearHosts(redis: Redis, namespace: string, seal?: Seal): Promise<HeardHost[]> {
  const ids = await redis.members(hostsKey(namespace));
  if (ids.length === 0) return [];
  const found = (await Promise.all(
    ids.map((id) => {
      const key = hostKey(namespace, id);
      return Promise.all([redis.command('HMGET', key, 'about', 'runs', 'lease'), redis.command('PTTL', key)]);
    }),
  )) as [fields: (Buffer | null)[], left: number][];
  const dead = ids.filter((_, i) => found[i]![0][0] === null);
  if (dead.length > 0) await redis.command('SREM', hostsKey(namespace), ...dead);
  return found.flatMap(([[about, runs, lease], left], i) => {
    if (about == null) return [];
    const info = parse(about);
    if (!isHost(info, ids[i]!)) return [];
    // Its key stays for two leases.
    const pools = open(seal, runs, ids[i]!);
    return [{ info: { ...info, pools }, lease: Number(lease), isSilent: left <= Number(lease) }];
  });
}

function open(seal: Seal | undefined, runs: Buffer | null | undefined, id: string): HostedPoolInfo[] {
  if (seal === undefined || runs == null) return [];
  try {
    return JSON.parse(Buffer.from(seal.open(runs, place.host(id))).toString()) as HostedPoolInfo[];
  } catch {
    // Sealed with another key.
    return [];
  }
}

/** True if this can be the description of the host with this id: a program that can write to the server can write anything there. */
function isHost(info: unknown, id: string): info is Omit<HostInfo, 'pools'> {
  const said = info as Partial<Record<keyof HostInfo, unknown>> | null;
  if (typeof said !== 'object' || said === null || said.id !== id) return false;
  const { slots, running, state, labels, refuses, tasks } = said;
  const counts = Object.values((tasks ?? {}) as object);
  return (
    Number.isInteger(slots) &&
    Number.isInteger(running) &&
    (state === 'up' || state === 'draining') &&
    Array.isArray(labels) &&
    Array.isArray(refuses) &&
    counts.length === 5 &&
    counts.every(Number.isInteger)
  );
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
