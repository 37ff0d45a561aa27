import { TimeoutError } from '../errors.ts';
import { SharedObject } from '../memory/shared-object.ts';
import type { SyncWaitOptions, WaitOptions } from '../options.ts';

/** What is acquired and released: locks and semaphores. */
export abstract class Acquirable extends SharedObject {
  /** Takes it, waiting for it if need be; false when the time is over. */
  abstract acquire(options?: WaitOptions): Promise<boolean>;

  /** Takes it and blocks the thread while it is not free; returns true, or false when the time is over. */
  abstract acquireSync(options?: SyncWaitOptions): boolean;

  /** Takes it if that is possible at once; never waits. */
  abstract tryAcquire(): boolean;

  /** Gives back what was acquired. */
  abstract release(): void;

  /** Acquires it for a block: `using held = await lock.guard()`; a `TimeoutError` when the time is over. */
  async guard(options?: WaitOptions): Promise<Disposable> {
    if (!(await this.acquire(options))) throw this.notInTime(options);
    return { [Symbol.dispose]: () => this.release() };
  }

  /** Runs `fn` while it is held, and releases it whatever happens. */
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
