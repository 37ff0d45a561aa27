import { StateError } from '../contracts/errors.ts';
import { type NameOption, readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { releasedOnce } from '../contracts/released-once.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import type { Existing } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { soon, YES } from '../waits/loop-turn.ts';
import { awaitedHold, type Hold } from './async-hold.ts';
import { destroyLock, Lock, type Reacquire } from './lock.ts';
import { Ownership } from './ownership.ts';

defineKind(kinds.RLOCK, { make: () => RLock, destroy: destroyLock });

/** The RLocks that this thread holds. Keeps them from being collected, because only they know who holds the lock. */
const held = new Set<RLock>();

/**
 * A lock that its owner may acquire again, and must release as many times. The owner is an async context of one thread of one process:
 * the code after `await lock.acquire()` or inside `lock.with()`, with everything that this code calls or starts. Two async functions that
 * run at the same time are different owners, unless the owner started them. Only the owner may release the lock.
 *
 * If the owner's process dies, the lock passes on as a `Lock` does. If no acquisitions are nested, use a `Lock`: it is faster.
 *
 * @example
 * import { RLock } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const lock = new RLock();
 * let balance = 100;
 * const withdraw = (amount: number) => lock.with(() => (balance -= amount));
 * const withdrawTwice = (amount: number) =>
 *   lock.with(async () => {
 *     await withdraw(amount); // the lock is ours already
 *     await withdraw(amount);
 *   });
 * await Promise.all([withdrawTwice(10), withdrawTwice(20)]);
 * assert.equal(balance, 40);
 */
export class RLock extends Lock {
  readonly #ownership = new Ownership({ onHeld: () => held.add(this), onLeft: () => held.delete(this) });

  constructor(options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(options?: NameOption | Existing) {
    super(options, kinds.RLOCK);
  }

  /** Waits for the lock and takes it; an owner takes it once more at once. Resolves to true, or to false after the time-out. */
  override acquire(options?: WaitOptions): Promise<boolean> {
    try {
      needMuchStack();
      if (this.#again(options) !== undefined) return soon(YES);
      return this.#ownership.acquired(awaitedHold(), super.acquire(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Blocks the thread until the lock is free, and takes it; an owner takes it once more at once. Returns true, or false after the
   * time-out. Throws a `StateError` if another async function of this thread holds the lock, because the call would wait for ever.
   */
  override acquireSync(options?: SyncWaitOptions): boolean {
    needMuchStack();
    if (this.#again(options) !== undefined) return true;
    if (readTimeout(options) === Number.POSITIVE_INFINITY && this.isOfThisThread) {
      throw new StateError(
        'Another async function of this thread holds this RLock, and cannot release it while the thread is blocked: use acquire().',
      );
    }
    return this.#ownership.beginSync(super.acquireSync(options));
  }

  /** Takes the lock if it is free, if the caller owns it, or if its owner is dead; never waits. Returns whether it did. */
  override tryAcquire(): boolean {
    needMuchStack();
    return this.#again(undefined) !== undefined || this.#ownership.beginSync(super.tryAcquire());
  }

  /** Undoes one acquisition. Throws a `StateError` if the caller is not the owner. */
  override release(): void {
    this.#leave(this.#mine());
  }

  override guard(options?: WaitOptions): Promise<Disposable> {
    try {
      return this.#ownership.guard(
        this.#again(options),
        () => super.acquire(options),
        (hold) => this.#disposable(hold),
        () => this.notInTime(options),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  override with<R>(fn: () => R): Promise<Awaited<R>> {
    return this.#ownership.with(
      () => this.#again(undefined),
      () => super.acquire(),
      (hold) => this.#leave(hold),
      fn,
    );
  }

  /**
   * Ends the use of this lock object in this process: its waits reject with a `ClosedError`. If the process holds the lock, it keeps it
   * until it ends.
   */
  override close(): void {
    held.delete(this);
    super.close();
  }

  /** @internal */
  override isMine(): boolean {
    return this.#mine() !== undefined;
  }

  /** @internal */
  override setAside(): Reacquire {
    needMuchStack();
    const restore = this.#ownership.setAside(this.#mine()!);
    this.free();
    return { later: async () => restore(await super.acquire()), sync: () => restore(super.acquireSync()) };
  }

  /** Returns the caller's hold of this lock, if it has one. */
  #mine(): Hold | undefined {
    this.assertOpen();
    return this.#ownership.mine();
  }

  #again(options: WaitOptions | undefined): Hold | undefined {
    this.assertOpen();
    return this.#ownership.again(options);
  }

  #leave(hold: Hold | undefined): void {
    needMuchStack();
    if (this.#ownership.leave(hold)) this.free();
  }

  #disposable(hold: Hold): Disposable {
    return { [Symbol.dispose]: releasedOnce(() => this.#leave(hold)) };
  }
}
