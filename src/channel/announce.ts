import type { WaitQueue } from '../sync/wait-queue.ts';

/**
 * Wakes a member that waits for the change that was just made. Never throws: after the change, an error would say that it was not made.
 * If no member can be woken now, for example because the stack is almost full, this is done a moment later.
 */
export function announce(waiters: WaitQueue): void {
  try {
    waiters.notify();
  } catch {
    waiters.remind();
  }
}

/** Wakes all members that wait for the change that was just made. Never throws. */
export function announceToAll(waiters: WaitQueue): void {
  try {
    waiters.notifyAll();
  } catch {
    waiters.remind();
  }
}
