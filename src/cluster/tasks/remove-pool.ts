import type { Redis } from '../redis.ts';
import { REMOVE } from '../scripts/remove.ts';
import { bullKinds, poolsKey, QUEUE, taskKeys } from './task-keys.ts';

/** Removes all keys of a pool that has ended, or whose program is dead. A pool whose program is back stays whole. */
export async function removePool(redis: Redis, namespace: string, id: string): Promise<void> {
  const { prefix, pool, tasks, starts, functions, results, blobs } = taskKeys(namespace, id);
  const keys = [pool, blobs, tasks, starts, functions, results];
  const [isGone] = await redis.run(
    { name: 'mpRemove', text: REMOVE },
    keys,
    [`${prefix}:${QUEUE}:`, ...bullKinds.lasting, ...bullKinds.passing],
    false,
  );
  if (isGone === 1) await redis.command('SREM', poolsKey(namespace), id);
}
