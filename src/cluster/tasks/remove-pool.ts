import type { Redis } from '../redis.ts';
import { type BullQueue, openQueue } from './bull.ts';
import { poolsKey, taskKeys } from './task-keys.ts';

/** Removes what a pool has left that has ended, or whose program is dead: nothing of it stays in Redis. */
export async function removePool(redis: Redis, namespace: string, id: string, queue?: BullQueue): Promise<void> {
  const names = taskKeys(namespace, id);
  await redis.command('UNLINK', names.tasks, names.starts, names.functions);
  await (queue ?? openQueue(names, redis.client)).obliterate({ force: true });
  await redis.command('UNLINK', names.results);
  await redis.command('SREM', poolsKey(namespace), id);
}
