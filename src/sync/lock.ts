import { StateError, TimeoutError } from '../errors.ts';
import { type Family, registerDestroyer } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { type Existing, locate, SharedObject } from '../memory/shared-object.ts';
import type { SyncWaitOptions, WaitOptions } from '../options.ts';
import { NOT_YET, type NotYet } from './spinner.ts';
import { WAIT_LIST_WORDS } from './wait-list.ts';
import { WaitQueue } from './wait-queue.ts';

/** The number of this kind among shared objects. */
export const LOCK_KIND = 1;

/** Words of a lock, behind those of every shared object. */
const field = {
  /** 0: free; else the member that holds it, with `ABANDONED`. Written by whoever takes or releases it, by one atomic operation. */
  owner: 2,
  waiters: 16,
} as const;
const WORDS = field.waiters + WAIT_LIST_WORDS;
/** Set while the lock is held by one who took it over from a member that died holding it. */
const ABANDONED = 1 << 29;

registerDestroyer(LOCK_KIND, (family, offset) => {
  new WaitQueue(family, offset + field.waiters * 4, { isReady: () => false }).destroy();
});

/**
 * A mutual exclusion lock that any members of the family share; any of them may release it, as in Python.
 *
 * If its owner dies, however it dies, the lock passes to the next who wants it, and `abandoned` is true for as long as that one
 * holds it: look whether what the lock protects is still whole. Waiters are served in order of arrival, but a member that is
 * running may come before one that still has to wake up. Not re-entrant: a holder that acquires it again waits for itself.
 *
 * @example
 * import { Lock, Process } from 'multiproc';
 *
 * const lock = new Lock();
 * const p = new Process({ target: async () => lock.with(() => console.log('nobody else is here')) });
 * p.start();
 * await p.join();
 */
export class Lock extends SharedObject {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #waiters: WaitQueue;

  constructor();
  /** @internal */
  constructor(existing: Existing);
  constructor(existing?: Existing) {
    super(LOCK_KIND, existing ?? WORDS);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#owner = wordIndex(offset) + field.owner;
    this.#waiters = new WaitQueue(family, offset + field.waiters * 4, {
      isReady: () => Atomics.load(this.#words, this.#owner) === 0,
      owner: () => Atomics.load(this.#words, this.#owner) & ~ABANDONED,
    });
  }

  /** Takes the lock, waiting for it if need be; false when the time is over. */
  acquire(options?: WaitOptions): Promise<boolean> {
    try {
      this.assertOpen();
      if (options === undefined && !this.#waiters.hasLocal && this.#attempt() === true) return ACQUIRED;
      return this.#waiters.wait<boolean>(this.#attempt, options, this.#expire);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, blocking the thread. */
  acquireSync(options?: SyncWaitOptions): boolean {
    this.assertOpen();
    if (options === undefined && this.#attempt() === true) return true;
    return this.#waiters.waitSync<boolean>(this.#attempt, options, this.#expire);
  }

  /** Takes the lock if it is free, or if its owner is dead; never waits. */
  tryAcquire(): boolean {
    this.assertOpen();
    return this.#attempt() === true || this.#expire();
  }

  /** Frees the lock, for whoever holds it; a `StateError` if nobody does. */
  release(): void {
    this.assertOpen();
    // SYNC(lock): hands what was written under the lock to the next owner.
    if (Atomics.exchange(this.#words, this.#owner, 0) === 0) {
      throw new StateError('This Lock is not held by anybody: it was released once too often.');
    }
    if (this.#waiters.hasWaiting) this.#waiters.notify();
  }

  /** True if anybody, in any process, holds the lock. */
  locked(): boolean {
    this.assertOpen();
    return Atomics.load(this.#words, this.#owner) !== 0;
  }

  /** True while the lock is held by one who took it over from an owner that died. */
  get abandoned(): boolean {
    this.assertOpen();
    return (Atomics.load(this.#words, this.#owner) & ABANDONED) !== 0;
  }

  /** Acquires the lock for a block: `using held = await lock.guard()`; a `TimeoutError` when the time is over. */
  async guard(options?: WaitOptions): Promise<Disposable> {
    if (!(await this.acquire(options))) {
      throw new TimeoutError(`The Lock did not become free within ${options?.timeout} ms.`);
    }
    return { [Symbol.dispose]: () => this.release() };
  }

  /** Runs `fn` with the lock held, and releases it whatever happens. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    await this.acquire();
    try {
      return await fn();
    } finally {
      this.release();
    }
  }

  readonly #attempt = (): boolean | NotYet => {
    const { me, members } = this.#family;
    // SYNC(lock): sees what was written under the lock before.
    const seen = Atomics.compareExchange(this.#words, this.#owner, 0, me);
    if (seen === 0) return true;
    const owner = seen & ~ABANDONED;
    if (!members.isKnownGone(owner)) return NOT_YET;
    return Atomics.compareExchange(this.#words, this.#owner, seen, me | ABANDONED) === seen ? true : NOT_YET;
  };

  /** The last look, when there is no time left: asks the kernel whether the owner lives. */
  readonly #expire = (): boolean => {
    const owner = Atomics.load(this.#words, this.#owner) & ~ABANDONED;
    if (owner === 0 || owner === this.#family.me || !this.#family.members.isGone(owner)) return false;
    this.#family.bury(owner);
    return this.#attempt() === true;
  };
}

/** One promise for every acquisition that need not wait. */
const ACQUIRED = Promise.resolve(true);
