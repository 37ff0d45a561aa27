import { TimeoutError } from '../../contracts/errors.ts';
import { type AnyLock, assertBody } from '../../contracts/lock.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import { releasedOnce } from '../../contracts/released-once.ts';
import { BaseProxy } from '../proxy.ts';

/** Releases a lock at the end of a block: `await using` waits for the release, `using` does not. */
export type Guard = Disposable & AsyncDisposable;

/** The methods that the locks and semaphores of a manager have in common. A client holds each of them; when the client is gone, they are released. */
export abstract class AcquirableProxy extends BaseProxy implements AnyLock {
  /** Waits for the lock or a unit and takes it. Resolves to true, or to false after the time-out. */
  acquire(options?: WaitOptions): Promise<boolean> {
    return this.take(options);
  }

  /** Takes the lock or a unit if that is possible at once; never waits. Resolves to whether it did. */
  tryAcquire(): Promise<boolean> {
    return this.call('tryAcquire');
  }

  /** Gives back the lock or a unit. Rejects with a `StateError` if there is nothing to give back. */
  release(): Promise<void> {
    return this.call('release');
  }

  /** Resolves to true if the lock, or every unit, is taken at the moment. */
  locked(): Promise<boolean> {
    return this.call('locked');
  }

  /** Resolves to true while the lock or a unit is held by a client that took it over from a client that is gone. */
  abandoned(): Promise<boolean> {
    return this.call('abandoned');
  }

  /** Acquires the lock or a unit for a block: `await using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
  async guard(options?: WaitOptions): Promise<Guard> {
    if (!(await this.acquire(options))) throw notInTime(options);
    return this.guarding(releasedOnce(() => this.release()));
  }

  /** Acquires the lock or a unit, runs `fn`, and releases even if `fn` fails. Resolves to what `fn` returns. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    assertBody(fn);
    await this.acquire();
    try {
      return await fn();
    } finally {
      await this.release();
    }
  }

  /** Releases the object in this thread: later calls here reject with a `ClosedError`. May be repeated. */
  close(): void {
    this[Symbol.dispose]();
  }

  /** @internal */
  protected take(options?: WaitOptions): Promise<boolean> {
    return this.call('acquire', [], options);
  }

  /** @internal Returns what a block has of the lock that it has just acquired. */
  protected guarding(release: () => Promise<void>): Guard {
    return {
      // If the server is gone, there is nothing left to release.
      [Symbol.dispose]: () => void release().catch(() => {}),
      [Symbol.asyncDispose]: release,
    };
  }
}

/** A lock in a manager's server; any client may release it. */
export class LockProxy extends AcquirableProxy {
  /**
   * @internal Marks the lock as released in this thread, for a condition that releases it in the server. Returns a function that marks it
   * as held again.
   */
  setAside(): () => void {
    return () => {};
  }
}

/** A semaphore in a manager's server. */
export class SemaphoreProxy extends AcquirableProxy {
  /** Resolves to the number of free units. */
  getValue(): Promise<number> {
    return this.call('getValue');
  }
}

/** Returns the error of a guard that came too late. */
export function notInTime(options: WaitOptions | undefined): TimeoutError {
  return new TimeoutError(`The lock did not become free within ${options?.timeout} ms.`);
}
