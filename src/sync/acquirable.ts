import { TimeoutError } from '../contracts/errors.ts';
import { assertBody } from '../contracts/lock.ts';
import type { SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import { releasedOnce } from '../contracts/released-once.ts';
import { closedError, SharedObject, titleOf } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import type { Attempt } from '../waits/attempt.ts';
import { soon, YES } from '../waits/loop-turn.ts';
import type { WaitQueue } from './wait-queue.ts';

/** The base class of locks and semaphores: says how to wait for one, while a subclass says how to take it. */
export abstract class Acquirable extends SharedObject {
  /** @internal The waits for the lock or for a unit. */
  protected abstract readonly waiters: WaitQueue;
  /** @internal Takes the lock or a unit if it is free, or if its owner is known to be dead. */
  protected abstract readonly attempt: Attempt<boolean>;
  /** @internal Makes the last attempt at the time-out: asks the kernel whether the owners live. */
  protected abstract readonly expire: () => boolean;

  /** Waits for the lock or a unit and takes it. Resolves to true, or to false after the time-out. Rejects with `ClosedError` or the signal's reason. */
  acquire(options?: WaitOptions): Promise<boolean> {
    try {
      needMuchStack();
      this.assertOpen();
      if (options === undefined && !this.waiters.hasLocal && this.attempt() === true) return soon(YES);
      return this.waiters.wait<boolean>(this.attempt, options, this.expire);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until the lock or a unit is free, and takes it. Returns true, or false after the time-out. */
  acquireSync(options?: SyncWaitOptions): boolean {
    this.assertOpen();
    if (options === undefined && this.attempt() === true) return true;
    return this.waiters.waitSync<boolean>(this.attempt, options, this.expire);
  }

  /** Takes the lock or a unit if it is free or if its owner is dead; never waits. Returns whether it did. */
  tryAcquire(): boolean {
    this.assertOpen();
    return this.attempt() === true || this.expire();
  }

  /** Ends the use of this object in this process: its waits reject with a `ClosedError`. What the process holds, it holds until it ends. */
  override close(): void {
    this.waiters.close(closedError(this));
    super.close();
  }

  /** Gives back the lock or a unit. */
  abstract release(): void;

  /** Acquires the lock or a unit for a block: `using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
  async guard(options?: WaitOptions): Promise<Disposable> {
    if (!(await this.acquire(options))) throw this.notInTime(options);
    return { [Symbol.dispose]: releasedOnce(() => this.release()) };
  }

  /** Acquires the lock or a unit, runs `fn`, and releases even if `fn` fails. Resolves to what `fn` returns. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    assertBody(fn);
    await this.acquire();
    try {
      return await fn();
    } finally {
      this.release();
    }
  }

  /** @internal */
  protected notInTime(options: WaitOptions | undefined): TimeoutError {
    return new TimeoutError(`The ${titleOf(this)} did not become free within ${options?.timeout} ms.`);
  }
}
