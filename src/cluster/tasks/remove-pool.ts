import type { Redis } from '../redis.ts';
import { type BullQueue, openQueue } from './bull.ts';
import { poolsKey, taskKeys } from './task-keys.ts';

/** Removes what a pool has left that has ended, or whose program is dead: nothing of it stays in Redis. */
export async function removePool(redis: Redis, namespace: string, id: string, queue?: BullQueue): Promise<void> {
  const names = taskKeys(namespace, id);
  await redis.command('UNLINK', names.tasks, names.starts, names.functions);
  const its = queue ?? openQueue(names, redis.client);
  await its.obliterate({ force: true });
  if (queue === undefined) await its.close();
  await redis.command('UNLINK', names.results);
  await redis.command('SREM', poolsKey(namespace), id);
}
