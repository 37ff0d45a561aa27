import { clock } from '../../engine/builtins.ts';
import { pause } from '../../waits/timer.ts';

/** The part of a lease between two looks. */
const LOOK = 1 / 20;

/**
 * Resolves to the value that `read` finds. If there is none, the value may come within a lease, because its program may not have spoken yet after
 * an outage. Resolves to null if the value does not come.
 */
export async function awaited<T>(read: () => Promise<T | null>, lease: number): Promise<T | null> {
  const late = clock() + lease;
  for (;;) {
    const found = await read();
    if (found !== null || clock() > late) return found;
    await pause(lease * LOOK);
  }
}
