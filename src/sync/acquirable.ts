import { TimeoutError } from '../contracts/errors.ts';
import type { SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import { SharedObject } from '../memory/shared-object.ts';

/** The base class of locks and semaphores. */
export abstract class Acquirable extends SharedObject {
  /** Waits for the lock or a unit and takes it. Resolves to true, or to false after the time-out. */
  abstract acquire(options?: WaitOptions): Promise<boolean>;

  /** Blocks the thread until the lock or a unit is free, and takes it. Returns true, or false after the time-out. */
  abstract acquireSync(options?: SyncWaitOptions): boolean;

  /** Takes the lock or a unit if that is possible at once; never waits. Returns whether it did. */
  abstract tryAcquire(): boolean;

  /** Gives back the lock or a unit. */
  abstract release(): void;

  /** Acquires the lock or a unit for a block: `using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
  async guard(options?: WaitOptions): Promise<Disposable> {
    if (!(await this.acquire(options))) throw this.notInTime(options);
    return { [Symbol.dispose]: () => this.release() };
  }

  /** Acquires the lock or a unit, runs `fn`, and releases even if `fn` fails. Resolves to what `fn` returns. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    if (typeof fn !== 'function') throw new TypeError(`with() takes a function, not ${typeof fn}`);
    await this.acquire();
    try {
      return await fn();
    } finally {
      this.release();
    }
  }

  /** @internal */
  protected notInTime(options: WaitOptions | undefined): TimeoutError {
    return new TimeoutError(`The ${this.constructor.name} did not become free within ${options?.timeout} ms.`);
  }
}
