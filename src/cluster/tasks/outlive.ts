import type { Redis } from '../redis.ts';
import { bullKinds, QUEUE, type TaskKeys } from './task-keys.ts';

/** Has the keys of a pool and of these jobs expire after two leases: should nobody be left to clean up, they must not stay. */
export async function outlive(
  redis: Redis,
  { prefix, tasks, starts, results, functions }: TaskKeys,
  lease: number,
  jobs: Iterable<string>,
): Promise<void> {
  const start = `${prefix}:${QUEUE}`;
  const all = [tasks, starts, results, functions, ...bullKinds.lasting.map((kind) => `${start}:${kind}`)];
  for (const job of jobs) all.push(`${start}:${job}`);
  await Promise.all(all.map((key) => redis.command('PEXPIRE', key, String(2 * lease))));
}
