import type { AnyLock } from '../contracts/lock.ts';
import { StateError } from '../errors.ts';
import { type Family, registerDestroyer } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { closedError, Existing, locate } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import type { SyncWaitOptions, WaitOptions } from '../options.ts';
import { Acquirable } from './acquirable.ts';
import { afterTurn, isLoopStarving } from './loop-turn.ts';
import { NOT_YET, type NotYet } from './spinner.ts';
import { WAIT_LIST_WORDS } from './wait-list.ts';
import { WaitQueue } from './wait-queue.ts';

/** The number of this kind among shared objects. */
export const LOCK_KIND = 1;

/** Words of a lock, behind those of every shared object. */
const field = {
  /** 0: free; else a member, with the marks below. Each change is one atomic operation; see README.md, "The lock's word". */
  owner: 2,
  waiters: 16,
} as const;
const WORDS = field.waiters + WAIT_LIST_WORDS;
/** The part that is the member's name. */
const NAME = (1 << 28) - 1;
/** Set by a waiter that has waited for long: the owner hands the lock to the first in line. */
const INSISTED = 1 << 28;
/** Set while the lock is held by one who took it over from a member that died holding it. */
const ABANDONED = 1 << 29;
/** The lock was handed to this member, which has not taken it yet. */
const HANDED = 1 << 30;

registerLockKind(LOCK_KIND);

/**
 * A mutual exclusion lock that any members of the family share; any of them may release it, as in Python.
 *
 * If its owner dies, however it dies, the lock passes to the next who wants it, and `abandoned` is true for as long as that one
 * holds it: look whether what the lock protects is still whole. Waiters are served in order of arrival, but a member that is
 * running may come before one that still has to wake up, until that one has waited for a millisecond. Not re-entrant: a holder that acquires it again waits for itself.
 *
 * @example
 * import { Lock, Process } from 'multiproc';
 *
 * const lock = new Lock();
 * const p = new Process({ target: async () => lock.with(() => console.log('nobody else is here')) });
 * p.start();
 * await p.join();
 */
export class Lock extends Acquirable implements AnyLock {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #waiters: WaitQueue;
  /** What is to be done when this thread has released the lock. */
  #afterRelease: (() => void)[] | undefined;

  constructor();
  /** @internal */
  constructor(existing: Existing | undefined, kind?: number);
  constructor(existing?: Existing, kind = LOCK_KIND) {
    super(kind, existing instanceof Existing ? existing : WORDS);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#owner = wordIndex(offset) + field.owner;
    this.#waiters = new WaitQueue(family, offset + field.waiters * 4, {
      isReady: () => Atomics.load(this.#words, this.#owner) === 0,
      owners: () => [Atomics.load(this.#words, this.#owner) & NAME],
      handOver: {
        insist: () => this.#insist(),
        decline: () => this.#decline(),
        kept: () => this.#kept(),
        // SYNC(lock): as in release.
        reclaim: (kept) => Atomics.compareExchange(this.#words, this.#owner, kept, 0),
      },
    });
  }

  /** Takes the lock, waiting for it if need be; false when the time is over. */
  acquire(options?: WaitOptions): Promise<boolean> {
    try {
      needMuchStack();
      this.assertOpen();
      if (options === undefined && !this.#waiters.hasLocal && this.#attempt() === true) {
        return isLoopStarving() ? afterTurn(true) : ACQUIRED;
      }
      return this.#waiters.wait<boolean>(this.#attempt, options, this.#expire);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Takes the lock and blocks the thread while another has it; returns true, or false when the time is over. */
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
    needMuchStack();
    this.assertOpen();
    this.free();
  }

  /** @internal Releases it, after a look at the stack. */
  protected free(): void {
    this.#letGo();
    if (this.#afterRelease !== undefined) this.#runAfterRelease();
  }

  #letGo(): void {
    let seen = Atomics.load(this.#words, this.#owner);
    for (;;) {
      if (seen === 0 || seen & HANDED) throw notHeld();
      if (seen & INSISTED) {
        this.#handOver(seen);
        return;
      }
      // SYNC(lock): hands what was written under the lock to the next owner.
      const found = Atomics.compareExchange(this.#words, this.#owner, seen, 0);
      if (found === seen) break;
      seen = found;
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

  /** @internal True if this thread has the lock; of an RLock, if this async context has it. */
  isMine(): boolean {
    return this.isOfThisThread;
  }

  /** @internal Lets go of a lock that is ours, however often it was acquired; the answer takes it back as it was. */
  setAside(): Reacquire {
    this.release();
    return { later: () => this.acquire(), sync: () => this.acquireSync() };
  }

  /** @internal Has something done once, when this thread has released the lock that it holds. */
  afterRelease(callback: () => void): void {
    this.#afterRelease ??= [];
    this.#afterRelease.push(callback);
  }

  #runAfterRelease(): void {
    const callbacks = this.#afterRelease!;
    this.#afterRelease = undefined;
    for (const callback of callbacks) callback();
  }

  /** @internal */
  protected get isOfThisThread(): boolean {
    this.assertOpen();
    const seen = Atomics.load(this.#words, this.#owner);
    return (seen & NAME) === this.#family.me && !(seen & HANDED);
  }

  /** Lets go of the lock object in this process; its waits end with a `ClosedError`. A lock that it holds stays held until it ends. */
  override close(): void {
    this.#waiters.close(closedError(this));
    super.close();
  }

  readonly #attempt = (): boolean | NotYet => {
    const { me } = this.#family;
    // A mere look first: whoever tries again and again must not take the cache line from the owner each time.
    let seen = Atomics.load(this.#words, this.#owner);
    // SYNC(lock): sees what was written under the lock before.
    if (seen === 0) seen = Atomics.compareExchange(this.#words, this.#owner, 0, me);
    return seen === 0 ? true : this.#claim(seen);
  };

  /** Takes a lock that is not free: one that was handed to us, or whose owner is dead. */
  #claim(seen: number): boolean | NotYet {
    const { me, members } = this.#family;
    const name = seen & NAME;
    if (!(seen & HANDED && name === me) && !members.isKnownGone(name)) return NOT_YET;
    // One that died before it took what it was handed has abandoned nothing.
    const mine = seen & HANDED ? me : me | ABANDONED;
    // SYNC(lock): as above.
    return Atomics.compareExchange(this.#words, this.#owner, seen, mine) === seen ? true : NOT_YET;
  }

  #insist(): void {
    const seen = Atomics.load(this.#words, this.#owner);
    // If it fails then the lock changes hands just now, and we shall be woken.
    if (seen !== 0 && !(seen & HANDED)) Atomics.compareExchange(this.#words, this.#owner, seen, seen | INSISTED);
  }

  /** Gives the lock to the first in line, so that nobody comes in between. `seen` is its word, as we hold it. */
  #handOver(seen: number): void {
    let held = seen;
    for (;;) {
      const next = this.#waiters.nominate();
      const handed = next === 0 ? 0 : next | HANDED;
      for (;;) {
        // SYNC(lock): as in release.
        const found = Atomics.compareExchange(this.#words, this.#owner, held, handed);
        if (found === held) break;
        // Another mark was set, or somebody else has released it.
        held = found;
        if (found !== 0 && !(found & HANDED)) continue;
        if (next !== 0) this.#waiters.wake(next);
        throw notHeld();
      }
      if (next === 0) {
        if (this.#waiters.hasWaiting) this.#waiters.notify();
        return;
      }
      // One that gives up leaves the line before it looks at the word, which says by now that the lock is its own.
      if (this.#waiters.wake(next) && this.#waiters.has(next)) {
        this.#waiters.remind();
        return;
      }
      // It is dead, or waits no longer: the lock is ours again, if nobody was quicker.
      held = this.#family.me;
      if (Atomics.compareExchange(this.#words, this.#owner, handed, held) !== handed) return;
    }
  }

  /** What was handed to this member is not wanted any more. */
  #decline(): void {
    const { me } = this.#family;
    if (Atomics.compareExchange(this.#words, this.#owner, me | HANDED, me) === (me | HANDED)) this.#handOver(me);
  }

  /** The word that hands the lock to another member, 0 if it does not. */
  #kept(): number {
    const seen = Atomics.load(this.#words, this.#owner);
    return seen & HANDED && (seen & NAME) !== this.#family.me ? seen : 0;
  }

  /** The last look, when there is no time left: asks the kernel whether the owner lives. */
  readonly #expire = (): boolean => {
    if (this.#kept() !== 0) this.#waiters.remind();
    const owner = Atomics.load(this.#words, this.#owner) & NAME;
    if (owner === 0 || owner === this.#family.me || !this.#family.members.isGone(owner)) return false;
    this.#family.bury(owner);
    return this.#attempt() === true;
  };
}

/** Takes back a lock that was set aside, waiting for it. */
export interface Reacquire {
  later(): Promise<boolean>;
  sync(): boolean;
}

/** Has locks of this kind taken apart when nobody holds them any more. */
export function registerLockKind(kind: number): void {
  registerDestroyer(kind, (family, offset) => {
    new WaitQueue(family, offset + field.waiters * 4, { isReady: () => false }).destroy();
  });
}

function notHeld(): StateError {
  return new StateError('This Lock is not held by anybody: it was released once too often.');
}

/** One promise for every acquisition that need not wait. */
const ACQUIRED = Promise.resolve(true);
