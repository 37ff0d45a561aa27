import type { Redis } from '../redis.ts';
import { QUEUE, type TaskKeys } from './task-keys.ts';

/** Has the keys of a pool, or those of these jobs alone, expire after two leases: should nobody be left to clean up, they must not stay. */
export async function outlive(
  redis: Redis,
  { prefix, tasks, starts, results, functions }: TaskKeys,
  lease: number,
  jobs: Iterable<string>,
  isWhole: boolean,
): Promise<void> {
  const kinds = ['meta', 'id', 'pc', 'prioritized', 'active', 'delayed', 'marker', 'events', 'stalled', 'wait'];
  const start = `${prefix}:${QUEUE}`;
  const all = isWhole ? [tasks, starts, results, functions, ...kinds.map((kind) => `${start}:${kind}`)] : [];
  for (const job of jobs) all.push(`${start}:${job}`);
  await Promise.all(all.map((key) => redis.command('PEXPIRE', key, String(2 * lease))));
}
