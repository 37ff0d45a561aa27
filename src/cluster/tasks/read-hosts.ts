import type { Redis } from '../redis.ts';
import { hostKey, hostsKey } from './task-keys.ts';

/** What a host of a cluster says of itself. */
export interface HostInfo {
  /** What tells this host from all others, also from a later one on the same machine. */
  readonly id: string;
  /** The name that it was started with, or that of its machine. */
  readonly name: string;
  /** How many tasks it runs at once. */
  readonly slots: number;
  /** How many jobs run there. */
  readonly running: number;
  /** The words that it was started with. */
  readonly labels: readonly string[];
  /** The version of Node. */
  readonly node: string;
  /** The system and the architecture, such as `linux x64`. */
  readonly platform: string;
  /** The process id of the host on its machine. */
  readonly pid: number;
  /** `draining` if it takes no more tasks. */
  readonly state: 'up' | 'draining';
  /** The pools that it cannot serve, and why. */
  readonly refuses: readonly { readonly pool: string; readonly why: string }[];
}

/** Returns what all living hosts say of themselves. */
export async function readHosts(redis: Redis, namespace: string): Promise<HostInfo[]> {
  const ids = ((await redis.command('SMEMBERS', hostsKey(namespace))) as Buffer[]).map(String);
  if (ids.length === 0) return [];
  const found = (await redis.command('MGET', ...ids.map((id) => hostKey(namespace, id)))) as (Buffer | null)[];
  const dead = ids.filter((_, i) => found[i] === null);
  if (dead.length > 0) await redis.command('SREM', hostsKey(namespace), ...dead);
  return found.filter((text) => text !== null).map((text) => JSON.parse(text.toString()) as HostInfo);
}
