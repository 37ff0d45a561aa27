import type { AnyLock } from '../../contracts/lock.ts';
import { TimeoutError } from '../../errors.ts';
import type { WaitOptions } from '../../options.ts';
import { carriedBy, Hold } from '../../sync/async-hold.ts';
import { Ownership } from '../../sync/ownership.ts';
import { BaseProxy } from '../proxy.ts';

/** Releases at the end of a block: `await using` waits until that is done, `using` does not. */
export type Guard = Disposable & AsyncDisposable;

/** What the locks and semaphores of a manager have in common; each is held by a client, and released when that is gone. */
export abstract class AcquirableProxy extends BaseProxy implements AnyLock {
  /** Takes the lock or a unit, waiting for it if need be; resolves to true, or to false when the time is over. */
  acquire(options?: WaitOptions): Promise<boolean> {
    return this.take(options);
  }

  /** Takes the lock or a unit if that is possible at once; resolves to false if it is not. */
  tryAcquire(): Promise<boolean> {
    return this.call('tryAcquire') as Promise<boolean>;
  }

  /** Gives back what was acquired. A `StateError` if there is nothing to give back. */
  release(): Promise<void> {
    return this.call('release') as Promise<void>;
  }

  /** Resolves to true if nobody could take it now. */
  locked(): Promise<boolean> {
    return this.call('locked') as Promise<boolean>;
  }

  /** Resolves to true while it is held by one who took it over from a client that is gone. */
  abandoned(): Promise<boolean> {
    return this.call('abandoned') as Promise<boolean>;
  }

  /** Acquires it for a block: `await using held = await lock.guard()`; rejects with a `TimeoutError` when the time is over. */
  async guard(options?: WaitOptions): Promise<Guard> {
    if (!(await this.acquire(options))) throw notInTime(options);
    return guarding(() => this.release());
  }

  /** Runs `fn` while it is held, and releases it whatever happens; resolves to what `fn` returns. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    await this.acquire();
    try {
      return await fn();
    } finally {
      await this.release();
    }
  }

  /** Lets go of it in this thread: later calls here reject with a `ClosedError`. May be repeated. */
  close(): void {
    this[Symbol.dispose]();
  }

  /** @internal */
  protected take(options?: WaitOptions): Promise<boolean> {
    return this.call('acquire', [], options) as Promise<boolean>;
  }
}

/** A lock that a manager's server holds; anybody may release it. */
export class LockProxy extends AcquirableProxy {
  /** @internal Lets it go in this thread, for a condition that releases it in the server; the answer says that it is back. */
  setAside(): () => void {
    return () => {};
  }
}

/** A lock that its owner may acquire again, as an `RLock`: an async context of one thread. */
export class RLockProxy extends LockProxy {
  readonly #ownership = new Ownership();

  /** Takes the lock, waiting for it if need be, or once more if this async context has it; resolves to false when the time is over. */
  override acquire(options?: WaitOptions): Promise<boolean> {
    try {
      if (this.#again(options) !== undefined) return Promise.resolve(true);
      return this.#ownership.acquired(new Hold(true), this.take(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Takes the lock if it is free at once, or once more if this async context has it; resolves to false if neither. */
  override tryAcquire(): Promise<boolean> {
    try {
      if (this.#again(undefined) !== undefined) return Promise.resolve(true);
      return this.#ownership.acquired(new Hold(true), super.tryAcquire());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Releases the lock once; it is free after as many releases as acquisitions. A `StateError` for whoever does not have it. */
  override async release(): Promise<void> {
    this.assertOpen();
    await this.#leave(this.#ownership.mine());
  }

  /** Acquires the lock for a block: `await using held = await lock.guard()`; rejects with a `TimeoutError` when the time is over. */
  override guard(options?: WaitOptions): Promise<Guard> {
    try {
      const again = this.#again(options);
      if (again !== undefined) return Promise.resolve(guarding(() => this.#leave(again)));
      const hold = new Hold(true);
      const wait = this.#ownership.begun(hold, this.take(options));
      return carriedBy(hold, () =>
        wait.then((acquired) => {
          if (!acquired) throw notInTime(options);
          return guarding(() => this.#leave(hold));
        }),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs `fn`, and what it calls, as the owner of the lock, and releases it whatever happens; resolves to what `fn` returns. */
  override async with<R>(fn: () => R): Promise<Awaited<R>> {
    let hold = this.#again(undefined);
    if (hold === undefined) {
      hold = new Hold(true);
      this.#ownership.begin(hold, await this.take());
    }
    try {
      return await this.#ownership.run(hold, fn);
    } finally {
      await this.#leave(hold);
    }
  }

  /** @internal */
  override setAside(): () => void {
    const hold = this.#ownership.mine();
    if (hold === undefined) return super.setAside();
    const restore = this.#ownership.setAside(hold);
    return () => void restore(true);
  }

  #again(options: WaitOptions | undefined): Hold | undefined {
    this.assertOpen();
    return this.#ownership.again(options);
  }

  async #leave(hold: Hold | undefined): Promise<void> {
    if (this.#ownership.leave(hold)) await super.release();
  }
}

/** A semaphore that a manager's server holds. */
export class SemaphoreProxy extends AcquirableProxy {
  /** Resolves to the number of free units. */
  getValue(): Promise<number> {
    return this.call('getValue') as Promise<number>;
  }
}

function guarding(release: () => Promise<void>): Guard {
  return {
    // If the server is gone there is nothing left to release.
    [Symbol.dispose]: () => void release().catch(() => {}),
    [Symbol.asyncDispose]: release,
  };
}

function notInTime(options: WaitOptions | undefined): TimeoutError {
  return new TimeoutError(`The lock did not become free within ${options?.timeout} ms.`);
}
