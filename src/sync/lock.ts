import { StateError } from '../contracts/errors.ts';
import type { AnyLock } from '../contracts/lock.ts';
import type { NameOption } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { reclaim } from '../memory/reclaim.ts';
import { Existing, locate } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { objectStruct, word } from '../memory/struct.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { Acquirable } from './acquirable.ts';
import { WaitList, waitList } from './wait-list.ts';
import { WaitQueue } from './wait-queue.ts';

/** The words of a lock. */
export const lockLayout = objectStruct({
  /**
   * 0: free; otherwise the owner's member number and the marks below. Members write it by one atomic operation each; see README.md, "The
   * lock's word".
   */
  owner: word,
  waiters: waitList,
});
const field = lockLayout.at;
/** The bits with the member number. */
const NAME = (1 << 28) - 1;
/** Set by a waiter that has waited for long: the owner must hand the lock to the first waiter in line. */
const REQUESTED = 1 << 28;
/** Set while the owner is a member that took the lock over from a dead owner. */
const ABANDONED = 1 << 29;
/** The lock was handed to this member, which has not taken it yet. */
const HANDED = 1 << 30;

defineKind(kinds.LOCK, { make: () => Lock, destroy: destroyLock });

/**
 * A mutual exclusion lock that any members of the family share. Any of them may release it, as in Python.
 *
 * If the owner dies, the next waiter gets the lock, and `abandoned` is true while that waiter holds it: check whether the protected data
 * is intact. Waiters are served in order of arrival. A running member may overtake a waiter that still has to wake up, until that waiter
 * has waited for a millisecond. If a woken waiter does not come within 20 ms, because it is stopped or has no CPU, the next waiter is
 * woken too. The lock is not re-entrant: a holder that acquires it again waits for itself.
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
  /** @internal */
  protected readonly waiters: WaitQueue;
  /** Callbacks for the next release by this thread. */
  #afterRelease: (() => void)[] | undefined;

  constructor(options?: NameOption);
  /** @internal */
  constructor(options: NameOption | Existing | undefined, kind?: number);
  constructor(options?: NameOption | Existing, kind: number = kinds.LOCK) {
    super(kind, options instanceof Existing ? options : lockLayout.words, options);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#owner = wordIndex(offset) + field.owner;
    this.waiters = new WaitQueue(family, offset + field.waiters * 4, {
      isReady: () => Atomics.load(this.#words, this.#owner) === 0,
      owners: () => [Atomics.load(this.#words, this.#owner) & NAME],
      handOff: {
        request: () => this.#requestHandoff(),
        decline: () => this.#declineHandoff(),
        kept: () => this.#kept(),
        // SYNC(lock): as in release.
        expire: (kept) => Atomics.compareExchange(this.#words, this.#owner, kept, 0),
      },
    });
  }

  /** Frees the lock; the caller need not be its owner. Throws a `StateError` if no process holds the lock. */
  release(): void {
    needMuchStack();
    this.assertOpen();
    this.free();
  }

  /** @internal Releases the lock, after a check that there is enough stack. */
  protected free(): void {
    this.#letGo();
    if (this.#afterRelease !== undefined) this.#runAfterRelease();
  }

  #letGo(): void {
    let seen = Atomics.load(this.#words, this.#owner);
    for (;;) {
      if (seen === 0 || seen & HANDED) throw notHeld();
      if (seen & REQUESTED) {
        this.#handOff(seen);
        return;
      }
      // SYNC(lock): hands what was written under the lock to the next owner.
      const found = Atomics.compareExchange(this.#words, this.#owner, seen, 0);
      if (found === seen) break;
      seen = found;
    }
    if (this.waiters.list.hasWaiting) this.waiters.list.notify();
  }

  /** Returns true if any process holds the lock. */
  locked(): boolean {
    this.assertOpen();
    return Atomics.load(this.#words, this.#owner) !== 0;
  }

  /** True while the owner is a member that took the lock over from a dead owner. */
  get abandoned(): boolean {
    this.assertOpen();
    return (Atomics.load(this.#words, this.#owner) & ABANDONED) !== 0;
  }

  /** @internal True if this thread has the lock; for an RLock, if this async context has it. */
  isMine(): boolean {
    return this.isOfThisThread;
  }

  /**
   * @internal Releases a lock that this thread holds, even if it was acquired several times. Returns a function that takes the lock back
   * in the same state.
   */
  setAside(): Reacquire {
    this.release();
    return { later: () => this.acquire(), sync: () => this.acquireSync() };
  }

  /** @internal Calls `callback` once, after this thread has released the lock that it holds. */
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

  /** @internal */
  protected readonly attempt = (): boolean | NotYet => {
    const { me } = this.#family;
    // Only reads at first: a member that tries again and again must not take the cache line from the owner each time.
    let seen = Atomics.load(this.#words, this.#owner);
    // SYNC(lock): sees what was written under the lock before.
    if (seen === 0) seen = Atomics.compareExchange(this.#words, this.#owner, 0, me);
    return seen === 0 ? true : this.#claim(seen);
  };

  /** Takes a lock that is not free: it was handed to this member, or its owner is dead. */
  #claim(seen: number): boolean | NotYet {
    const { me, members } = this.#family;
    const name = seen & NAME;
    if (!(seen & HANDED && name === me) && !members.isKnownGone(name)) return NOT_YET;
    // A member that died before it took a lock that was handed to it has abandoned nothing.
    const mine = seen & HANDED ? me : me | ABANDONED;
    // SYNC(lock): as above.
    return Atomics.compareExchange(this.#words, this.#owner, seen, mine) === seen ? true : NOT_YET;
  }

  #requestHandoff(): void {
    const seen = Atomics.load(this.#words, this.#owner);
    // If this fails, the lock changes hands at this moment, and this member will be woken.
    if (seen !== 0 && !(seen & HANDED)) Atomics.compareExchange(this.#words, this.#owner, seen, seen | REQUESTED);
  }

  /** Gives the lock to the first waiter in line, so that no other member gets it in between. `seen` is the lock's word while we hold it. */
  #handOff(seen: number): void {
    let held = seen;
    for (;;) {
      const next = this.waiters.list.nominate();
      const handed = next === 0 ? 0 : next | HANDED;
      for (;;) {
        // SYNC(lock): as in release.
        const found = Atomics.compareExchange(this.#words, this.#owner, held, handed);
        if (found === held) break;
        // Another mark was set, or another member has released the lock.
        held = found;
        if (found !== 0 && !(found & HANDED)) continue;
        if (next !== 0) this.#family.parker.wake(next);
        throw notHeld();
      }
      if (next === 0) {
        if (this.waiters.list.hasWaiting) this.waiters.list.notify();
        return;
      }
      // A waiter that gives up leaves the line before it reads the word. By then the word says that the lock is its own.
      if (this.#family.parker.wake(next) && this.waiters.list.has(next)) {
        this.waiters.list.remind();
        return;
      }
      // The waiter is dead or waits no longer: the lock is ours again, unless another member was quicker.
      held = this.#family.me;
      if (Atomics.compareExchange(this.#words, this.#owner, handed, held) !== handed) return;
    }
  }

  /** Gives up a lock that was handed to this member. */
  #declineHandoff(): void {
    const { me } = this.#family;
    if (Atomics.compareExchange(this.#words, this.#owner, me | HANDED, me) === (me | HANDED)) this.#handOff(me);
  }

  /** Returns the lock's word if it hands the lock to another member, otherwise 0. */
  #kept(): number {
    const seen = Atomics.load(this.#words, this.#owner);
    return seen & HANDED && (seen & NAME) !== this.#family.me ? seen : 0;
  }

  /** Makes the last attempt at the time-out: asks the kernel whether the owner lives. */
  /** @internal */
  protected readonly expire = (): boolean => {
    if (this.#kept() !== 0) this.waiters.list.remind();
    const owner = Atomics.load(this.#words, this.#owner) & NAME;
    if (owner === 0 || owner === this.#family.me || !this.#family.members.isGone(owner)) return false;
    reclaim(this.#family, owner);
    return this.attempt() === true;
  };
}

/** Takes back a lock that was set aside, and waits for it. */
export interface Reacquire {
  later(): Promise<boolean>;
  sync(): boolean;
}

/** Destroys a lock that no member holds any more. */
export function destroyLock(family: Family, offset: number): void {
  new WaitList(family, offset + field.waiters * 4).destroy();
}

function notHeld(): StateError {
  return new StateError('No process holds this Lock: it was released once too often.');
}
