import type { AnyLock } from '../../contracts/lock.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import { readTimeout } from '../../contracts/options.ts';
import { clock } from '../../engine/builtins.ts';
import { BaseProxy, COMPANION } from '../proxy.ts';
import type { Reference } from '../reference.ts';
import type { Guard, LockProxy } from './lock-proxies.ts';

/** A condition in a manager's server, with the lock that it was made of. */
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

  /** Waits for the lock and takes it. Resolves to true, or to false after the time-out. */
  acquire(options?: WaitOptions): Promise<boolean> {
    // Returns the promise of the lock itself, because the code that awaits this promise becomes the owner of an rlock.
    return this.#ask((lock) => lock.acquire(options));
  }

  /** Takes the lock if it is free; never waits. Resolves to whether it did. */
  tryAcquire(): Promise<boolean> {
    return this.#ask((lock) => lock.tryAcquire());
  }

  /** Releases the lock. Rejects with a `StateError` if no client holds it. */
  release(): Promise<void> {
    return this.#ask((lock) => lock.release());
  }

  /** Resolves to true if a client holds the lock. */
  locked(): Promise<boolean> {
    return this.#ask((lock) => lock.locked());
  }

  /** Resolves to true while the lock is held by a client that took it over from a client that is gone. */
  abandoned(): Promise<boolean> {
    return this.#ask((lock) => lock.abandoned());
  }

  /** Acquires the lock for a block: `await using held = await condition.guard()`. Rejects with a `TimeoutError` after the time-out. */
  guard(options?: WaitOptions): Promise<Guard> {
    return this.#ask((lock) => lock.guard(options));
  }

  /** Acquires the lock, runs `fn`, and releases the lock even if `fn` fails. Resolves to what `fn` returns. */
  with<R>(fn: () => R): Promise<Awaited<R>> {
    return this.#ask((lock) => lock.with(fn));
  }

  /**
   * Releases the lock, waits for a notification, and takes the lock again. Resolves to true, or to false if the time-out came first. An
   * abort, too, rejects only after the lock has been taken again. Rejects with a `StateError` if the caller does not have the lock.
   */
  async wait(options?: WaitOptions): Promise<boolean> {
    readTimeout(options);
    options?.signal?.throwIfAborted();
    const restore = this.#lock.setAside();
    try {
      return await this.call<boolean>('wait', [], options);
    } finally {
      restore();
    }
  }

  /**
   * Waits until `predicate` returns a true value, and calls it with the lock held. Resolves to its last result, which is not true if the
   * time-out came first.
   */
  async waitFor<R>(predicate: () => R, options?: WaitOptions): Promise<Awaited<R>> {
    const deadline = clock() + readTimeout(options);
    for (;;) {
      const answer = await predicate();
      const left = deadline - clock();
      if (answer || left <= 0) return answer;
      await this.wait(options && { ...options, ...(options.timeout !== undefined && { timeout: left }) });
    }
  }

  /** Wakes the `count` waits that have waited longest. Rejects with a `StateError` if the caller does not have the lock. */
  notify(count = 1): Promise<void> {
    return this.call('notify', [count]);
  }

  /** Wakes all waits. Rejects with a `StateError` if the caller does not have the lock. */
  notifyAll(): Promise<void> {
    return this.call('notifyAll');
  }

  /** Releases the condition in this thread: later calls here reject with a `ClosedError`. May be repeated. */
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
