import type { WaitOptions } from '../options.ts';
import type { Awaitable } from './awaitable.ts';

/**
 * What all locks, semaphores and conditions can do, whether they stand in the shared memory of a family or in the server of a manager. A
 * function that takes an `AnyLock` takes any of them; it awaits each call, since some return a promise where others return at once.
 *
 * @example
 * import { type AnyLock, Lock, Semaphore } from 'multiproc';
 * import assert from 'node:assert';
 *
 * async function alone(lock: AnyLock, work: () => number): Promise<number> {
 *   await lock.acquire();
 *   try {
 *     return work();
 *   } finally {
 *     await lock.release();
 *   }
 * }
 * assert.equal(await alone(new Lock(), () => 1), 1);
 * assert.equal(await alone(new Semaphore(1), () => 2), 2);
 */
export interface AnyLock {
  /** Takes the lock or a unit, waiting for it; resolves to true, or to false when the time is over. Rejects with `ClosedError` or the signal's reason. */
  acquire(options?: WaitOptions): Promise<boolean>;
  /** Takes the lock or a unit if that is possible at once; false if it is not. */
  tryAcquire(): Awaitable<boolean>;
  /** Gives back what was acquired; fails with a `StateError` if there is nothing to give back. */
  release(): Awaitable<void>;
  /** True if nobody could take it now. */
  locked(): Awaitable<boolean>;
  /** Acquires it for a block that is left by `using`; rejects with a `TimeoutError` when the time is over. */
  guard(options?: WaitOptions): Promise<Disposable>;
  /** Runs `fn` while it is held, and releases it whatever happens; resolves to what `fn` returns. */
  with<R>(fn: () => R): Promise<Awaited<R>>;
  /** Lets go of it here: waits end with a `ClosedError`, as does every later use but `close()`. */
  close(): void;
}
