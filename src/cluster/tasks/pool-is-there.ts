import type { Redis } from '../redis.ts';
import { taskKeys } from './task-keys.ts';

/** Resolves to true if the server has the pool: its program has spoken within its lease. */
export async function poolIsThere(redis: Redis, namespace: string, id: string): Promise<boolean> {
  return (await redis.command('EXISTS', taskKeys(namespace, id).pool)) === 1;
}
