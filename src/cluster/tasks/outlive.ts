import type { Redis } from '../redis.ts';
import { OUTLIVE } from '../scripts/outlive.ts';
import { bullKinds, QUEUE, type TaskKeys } from './task-keys.ts';

/** The number of leases for which keys of a pool stay if they are not renewed and no host removes them. A program that comes back after an outage finds its tasks. */
const KEPT = 10;

/** Returns the milliseconds for which keys of a pool stay that are not renewed. */
export const keptFor = (lease: number) => KEPT * lease;

/** Makes the keys of a pool and of these jobs expire, so that they do not stay if no program and no host is left to remove them. */
export async function outlive(redis: Redis, names: TaskKeys, lease: number, jobs: Iterable<string>): Promise<void> {
  await run(redis, names, lease, ['', '', ''], [...bullKinds.lasting, ...jobs]);
}

/**
 * Sends behind the commands of this turn, in the same write: keys of the pool that these have made expire, too. So no key stays for ever if this process
 * dies at once, or if the pool is gone.
 */
export function outliveAfter(redis: Redis, names: TaskKeys, lease: number): void {
  redis.together(() => void run(redis, names, lease, ['NX', '', ''], bullKinds.lasting).catch(() => {}));
}

/** Does so for the keys that new jobs have made, no others, and sends a hint behind. `hint` is a channel and a message for it. */
export function announceAfter(
  redis: Redis,
  { prefix, tasks }: TaskKeys,
  lease: number,
  jobs: readonly string[],
  hint: readonly [channel: string, text: string],
): void {
  const args = [String(keptFor(lease)), 'NX', ...hint, `${prefix}:${QUEUE}:`, ...bullKinds.added, ...jobs];
  redis.together(() => void redis.run({ name: 'mpAnnounce', text: OUTLIVE }, [tasks], args, false).catch(() => {}));
}

async function run(
  redis: Redis,
  { prefix, tasks, starts, results, functions, blobs }: TaskKeys,
  lease: number,
  how: readonly [when: string, channel: string, text: string],
  ends: readonly string[],
): Promise<void> {
  const args = [String(keptFor(lease)), ...how, `${prefix}:${QUEUE}:`, ...ends];
  await redis.run({ name: 'mpOutlive', text: OUTLIVE }, [tasks, starts, results, functions, blobs], args, false);
}
