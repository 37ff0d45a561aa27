import type { WaitOptions } from '../../contracts/options.ts';
import { releasedOnce } from '../../contracts/released-once.ts';
import { awaitedHold, type Hold } from '../../sync/async-hold.ts';
import { Ownership } from '../../sync/ownership.ts';
import type { Reference } from '../reference.ts';
import { type Guard, type LockProxy, notInTime } from './lock-proxies.ts';

type LockClass = new (reference: Reference) => LockProxy;

/** Returns a class of locks as `Base` that their owner, an async context of one thread, may acquire again. */
export function reentrant<Class extends LockClass>(Base: Class): Class {
  class Reentrant extends (Base as LockClass) {
    readonly #ownership = new Ownership();

    /** Waits for the lock and takes it; if this async context has it, takes it once more at once. Resolves to true, or to false after the time-out. */
    override acquire(options?: WaitOptions): Promise<boolean> {
      try {
        if (this.#again(options) !== undefined) return Promise.resolve(true);
        return this.#ownership.acquired(awaitedHold(), this.take(options));
      } catch (error) {
        return Promise.reject(error);
      }
    }

    /** Takes the lock if it is free, or once more if this async context has it; never waits. Resolves to whether it did. */
    override tryAcquire(): Promise<boolean> {
      try {
        if (this.#again(undefined) !== undefined) return Promise.resolve(true);
        return this.#ownership.acquired(awaitedHold(), super.tryAcquire());
      } catch (error) {
        return Promise.reject(error);
      }
    }

    /** Releases the lock once; it is free after as many releases as acquisitions. Rejects with a `StateError` if the caller is not the owner. */
    override async release(): Promise<void> {
      this.assertOpen();
      await this.#leave(this.#ownership.mine());
    }

    /** Acquires the lock for a block: `await using held = await lock.guard()`. Rejects with a `TimeoutError` after the time-out. */
    override guard(options?: WaitOptions): Promise<Guard> {
      try {
        return this.#ownership.guard(
          this.#again(options),
          () => this.take(options),
          (hold) => this.guarding(releasedOnce(() => this.#leave(hold))),
          () => notInTime(options),
        );
      } catch (error) {
        return Promise.reject(error);
      }
    }

    /**
     * Acquires the lock, runs `fn` and the code that it calls as the owner, and releases the lock even if `fn` fails. Resolves to what `fn`
     * returns.
     */
    override with<R>(fn: () => R): Promise<Awaited<R>> {
      return this.#ownership.with(
        () => this.#again(undefined),
        () => this.take(),
        (hold) => this.#leave(hold),
        fn,
      );
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
  return Reentrant as unknown as Class;
}
