import type { WaitQueue } from '../sync/wait-queue.ts';

/**
 * Wakes one who waits for what has just been done. Never throws, since it is done: an error here would say to the caller that it was
 * not. If nobody can be woken now, as where the stack is all but full, somebody is in a moment.
 */
export function announce(waiters: WaitQueue): void {
  try {
    waiters.notify();
  } catch {
    waiters.remind();
  }
}

/** The same for all who wait. */
export function announceToAll(waiters: WaitQueue): void {
  try {
    waiters.notifyAll();
  } catch {
    waiters.remind();
  }
}
