import { clock } from '../../engine/builtins.ts';
import { pause } from '../../waits/timer.ts';

/** Part of a lease between two looks. */
const LOOK = 1 / 20;

/**
 * Resolves to what `read` finds. What is not there may come within a lease, since its program has not spoken yet after an outage; resolves to
 * null if it does not.
 */
export async function awaited<T>(read: () => Promise<T | null>, lease: number): Promise<T | null> {
  const late = clock() + lease;
  for (;;) {
    const found = await read();
    if (found !== null || clock() > late) return found;
    await pause(lease * LOOK);
  }
}
