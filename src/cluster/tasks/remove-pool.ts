import type { Redis } from '../redis.ts';
import { REMOVE } from '../scripts/remove.ts';
import { bullKinds, poolsKey, QUEUE, taskKeys } from './task-keys.ts';

/** Removes all keys of a pool that has ended, or whose program is dead. Resolves to false if its program is back: the pool stays whole. */
export async function removePool(redis: Redis, namespace: string, id: string): Promise<boolean> {
  const { prefix, pool, tasks, starts, functions, results, blobs } = taskKeys(namespace, id);
  const keys = [pool, blobs, tasks, starts, functions, results];
  const [isGone] = await redis.run(
    { name: 'mpRemove', text: REMOVE },
    keys,
    [`${prefix}:${QUEUE}:`, ...bullKinds.lasting, ...bullKinds.passing],
    false,
  );
  if (isGone !== 1) return false;
  await redis.command('SREM', poolsKey(namespace), id);
  return true;
}
