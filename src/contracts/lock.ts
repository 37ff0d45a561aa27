import type { Awaitable } from './awaitable.ts';
import type { WaitOptions } from './options.ts';

/**
 * The methods of all locks, semaphores and conditions, whether they are in the shared memory of a family or in the server of a manager. A
 * function with a parameter of this type accepts any of them. It must await each call, because some locks return a promise where others return a value.
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
  /** Waits for the lock or a unit and takes it. Resolves to true, or to false after the time-out. Rejects with `ClosedError` or the signal's reason. */
  acquire(options?: WaitOptions): Promise<boolean>;
  /** Takes the lock or a unit if that is possible at once. Returns whether it was. */
  tryAcquire(): Awaitable<boolean>;
  /** Gives back what was acquired; fails with a `StateError` if there is nothing to give back. */
  release(): Awaitable<void>;
  /** True if the lock, or every unit, is taken at the moment. */
  locked(): Awaitable<boolean>;
  /** Acquires the lock or a unit for a block: `using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
  guard(options?: WaitOptions): Promise<Disposable>;
  /** Acquires the lock or a unit, runs `fn`, and releases even if `fn` fails. Resolves to what `fn` returns. */
  with<R>(fn: () => R): Promise<Awaited<R>>;
  /** Ends the use in this thread: waits reject with a `ClosedError`, and so does every later call but `close()`. */
  close(): void;
}

/** Throws a `TypeError` unless `fn`, which a `with()` is to run, is a function. */
export function assertBody(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`with() takes a function, not ${typeof fn}`);
}
