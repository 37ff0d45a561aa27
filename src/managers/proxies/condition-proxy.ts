import { clock } from '../../builtins.ts';
import type { AnyLock } from '../../contracts/lock.ts';
import type { WaitOptions } from '../../options.ts';
import { readTimeout } from '../../options.ts';
import { BaseProxy, COMPANION } from '../proxy.ts';
import type { Reference } from '../reference.ts';
import type { Guard, LockProxy } from './lock-proxies.ts';

/** A condition that a manager's server holds, with the lock that it was made of. */
export class ConditionProxy extends BaseProxy implements AnyLock {
  readonly #lock: LockProxy;

  /** @internal */
  constructor(reference: Reference, lock: LockProxy) {
    super(reference);
    this.#lock = lock;
  }

  /** @internal */
  override get [COMPANION](): BaseProxy {
    return this.#lock;
  }

  /** Takes the lock, waiting for it if need be; resolves to true, or to false when the time is over. */
  acquire(options?: WaitOptions): Promise<boolean> {
    // The very promise of the lock: an rlock belongs to whoever awaits that.
    return this.#ask((lock) => lock.acquire(options));
  }

  /** Takes the lock if it is free at once; resolves to false if it is not. */
  tryAcquire(): Promise<boolean> {
    return this.#ask((lock) => lock.tryAcquire());
  }

  /** Releases the lock. A `StateError` if nobody holds it. */
  release(): Promise<void> {
    return this.#ask((lock) => lock.release());
  }

  /** Resolves to true if anybody holds the lock. */
  locked(): Promise<boolean> {
    return this.#ask((lock) => lock.locked());
  }

  /** Resolves to true while the lock is held by one who took it over from a client that is gone. */
  abandoned(): Promise<boolean> {
    return this.#ask((lock) => lock.abandoned());
  }

  /** Acquires the lock for a block: `await using held = await condition.guard()`; rejects with a `TimeoutError` when the time is over. */
  guard(options?: WaitOptions): Promise<Guard> {
    return this.#ask((lock) => lock.guard(options));
  }

  /** Runs `fn` while the lock is held, and releases the lock whatever happens; resolves to what `fn` returns. */
  with<R>(fn: () => R): Promise<Awaited<R>> {
    return this.#ask((lock) => lock.with(fn));
  }

  /**
   * Lets go of the lock, waits for a notification, and takes the lock again: true, or false when the time was over before. An abort, too,
   * rejects only with the lock held again. A `StateError` without the lock.
   */
  async wait(options?: WaitOptions): Promise<boolean> {
    readTimeout(options);
    options?.signal?.throwIfAborted();
    const restore = this.#lock.setAside();
    try {
      return (await this.call('wait', [], options)) as boolean;
    } finally {
      restore();
    }
  }

  /** Waits until `predicate` is true, looking with the lock held; answers its last answer, which is not true when the time was over. */
  async waitFor<R>(predicate: () => R, options?: WaitOptions): Promise<Awaited<R>> {
    const deadline = clock() + readTimeout(options);
    for (;;) {
      const answer = await predicate();
      const left = deadline - clock();
      if (answer || left <= 0) return answer;
      await this.wait(options && { ...options, ...(options.timeout !== undefined && { timeout: left }) });
    }
  }

  /** Wakes the `count` waits that have waited longest. A `StateError` without the lock. */
  notify(count = 1): Promise<void> {
    return this.call('notify', [count]) as Promise<void>;
  }

  /** Wakes all waits. A `StateError` without the lock. */
  notifyAll(): Promise<void> {
    return this.call('notifyAll') as Promise<void>;
  }

  /** Lets go of the condition in this thread: later calls here reject with a `ClosedError`. May be repeated. */
  close(): void {
    this[Symbol.dispose]();
  }

  #ask<R>(ask: (lock: LockProxy) => Promise<R>): Promise<R> {
    try {
      this.assertOpen();
      return ask(this.#lock);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
