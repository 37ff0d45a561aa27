import { StateError } from '../contracts/errors.ts';
import type { AnyLock } from '../contracts/lock.ts';
import { type NameOption, readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind, kindOf, releaseObject, retainObject } from '../memory/object-kinds.ts';
import { closedError, Existing, knownObject, locate, SharedObject } from '../memory/shared-object.ts';
import { objectStruct, word } from '../memory/struct.ts';
import { NOT_YET } from '../waits/attempt.ts';
import { awaitEvent } from '../waits/await-event.ts';
import { atOnce, inTurns, type Steps, step } from '../waits/steps.ts';
import { ConditionLine, conditionLine } from './condition-line.ts';
import { Lock, type Reacquire } from './lock.ts';
import { RLock } from './rlock.ts';
import { Spinner } from './spinner.ts';

/** The words of a condition. */
export const conditionLayout = objectStruct({
  /** Granule of the lock, of which the condition counts as a holder; the maker writes it once. */
  lock: word,
  line: conditionLine,
});
const field = conditionLayout.at;

defineKind(kinds.CONDITION, {
  make: () => Condition,
  destroy: (family, offset) => {
    new ConditionLine(family, offset + field.line * 4).destroy();
    const granule = family.heap.words(offset)[wordIndex(offset) + field.lock] as number;
    if (granule !== 0) releaseObject(family, placeOf(granule));
  },
});

/**
 * A lock, and a place to wait until another member that has the lock notifies of a change. `wait` releases the lock while it waits, and
 * has the lock again when it resolves or rejects.
 *
 * A killed waiter is skipped; if it was already notified, the next waiter is notified instead. If the owner of the lock is killed, the
 * lock passes on, and `abandoned` is true.
 *
 * @example
 * import { Condition, Process, Queue } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const condition = new Condition();
 * const stock = new Queue<string>();
 * const p = new Process({
 *   target: () =>
 *     condition.with(async () => {
 *       await stock.put('bread');
 *       condition.notify();
 *     }),
 * });
 * p.start();
 * assert.equal(await condition.with(() => condition.waitFor(() => stock.qsize())), 1);
 */
export class Condition extends SharedObject implements AnyLock {
  readonly #family: Family;
  readonly #lock: Lock;
  readonly #line: ConditionLine;
  readonly #spinner = new Spinner();
  /** The waits of this thread's event loop by their entries, each with a function that ends it early. */
  readonly #waits = new Map<number, () => void>();
  readonly #onReminder = () => {
    if (!this.#isClosed) this.#line.review();
  };
  #isClosed = false;

  /** `lock` is a new `RLock` by default. */
  constructor(lock?: Lock | RLock, options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(lock?: Lock | Existing, options?: NameOption) {
    const given = lock instanceof Existing ? undefined : readLock(lock);
    const place = given && locate(given);
    super(kinds.CONDITION, lock instanceof Existing ? lock : conditionLayout.words, options);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#line = new ConditionLine(family, offset + field.line * 4);
    const words = family.heap.words(offset);
    const at = wordIndex(offset) + field.lock;
    if (place !== undefined) {
      retainObject(family, place.offset);
      words[at] = granuleOf(place.offset);
    }
    this.#lock = given ?? lockAt(family, placeOf(words[at]!));
  }

  /** Waits for the lock and takes it. Resolves to true, or to false after the time-out. */
  acquire(options?: WaitOptions): Promise<boolean> {
    // Returns the promise of the lock itself, because the code that awaits this promise becomes the owner of an RLock.
    try {
      return this.#open().acquire(options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until the lock is free, and takes it. Returns true, or false after the time-out. */
  acquireSync(options?: SyncWaitOptions): boolean {
    return this.#open().acquireSync(options);
  }

  /** Takes the lock if that is possible at once; never waits. Returns whether it did. */
  tryAcquire(): boolean {
    return this.#open().tryAcquire();
  }

  /** Releases the lock. */
  release(): void {
    this.#open().release();
  }

  /** Returns true if any process holds the lock. */
  locked(): boolean {
    return this.#open().locked();
  }

  /** True while the owner is a member that took the lock over from a dead owner. */
  get abandoned(): boolean {
    return this.#open().abandoned;
  }

  /** Acquires the lock for a block: `using held = await condition.guard()`. Rejects with a `TimeoutError` after the time-out. */
  guard(options?: WaitOptions): Promise<Disposable> {
    try {
      return this.#open().guard(options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Acquires the lock, runs `fn`, and releases the lock even if `fn` fails. Resolves to what `fn` returns. */
  async with<R>(fn: () => R): Promise<Awaited<R>> {
    return this.#open().with(fn);
  }

  /**
   * Releases the lock, waits for a notification, and takes the lock again. Resolves to true, or to false if the time-out came first. An
   * abort, too, rejects only after the lock has been taken again. Rejects with a `StateError` if the caller does not have the lock.
   */
  async wait(options?: WaitOptions): Promise<boolean> {
    readTimeout(options);
    options?.signal?.throwIfAborted();
    // The two forms of this wait are written out, because both are hot: a generator for both is slower by a tenth.
    const { entry, reacquire } = this.#letGo(this.#mine('wait'));
    let notified = false;
    let unused = true;
    this.#waits.set(entry, () => {});
    try {
      try {
        await this.#sleep(entry, options);
      } finally {
        await reacquire.later();
      }
      unused = false;
    } finally {
      // If the entry is missing, close() has withdrawn it, and the memory of the line may belong to another object by now.
      if (this.#waits.delete(entry)) notified = this.#withdraw(entry, unused);
    }
    return notified;
  }

  /** Releases the lock, blocks the thread until it is notified, and takes the lock again. Returns true, or false if the time-out came first. */
  waitSync(options?: SyncWaitOptions): boolean {
    const deadline = clock() + readTimeout(options);
    const { entry, reacquire } = this.#letGo(this.#mine('waitSync'));
    let notified = false;
    let unused = true;
    try {
      try {
        this.#sleepSync(entry, deadline);
      } finally {
        reacquire.sync();
      }
      unused = false;
    } finally {
      notified = this.#withdraw(entry, unused);
    }
    return notified;
  }

  /**
   * Waits until `predicate` returns a true value, and calls it with the lock held. Resolves to its last result, which is not true if the
   * time-out came first.
   */
  async waitFor<R>(predicate: () => R, options?: WaitOptions): Promise<Awaited<R>> {
    readTimeout(options);
    options?.signal?.throwIfAborted();
    return inTurns(this.#awaitTrue('waitFor', predicate, options)) as Promise<Awaited<R>>;
  }

  /**
   * Blocks the thread until `predicate` returns a true value, and calls it with the lock held. Returns its last result, which is not true
   * if the time-out came first.
   */
  waitForSync<R>(predicate: () => R, options?: SyncWaitOptions): R {
    return atOnce(this.#awaitTrue('waitForSync', predicate, options)) as R;
  }

  /** Wakes the `count` waiters that have waited longest, or all if there are fewer. Throws a `StateError` if the caller does not have the lock. */
  notify(count = 1): void {
    if (typeof count !== 'number') throw new TypeError(`count must be a number of waiters, not ${typeof count}`);
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`count must be a whole number of waiters from 0 on, not ${count}`);
    }
    const lock = this.#mine('notify');
    this.#wakeLater(lock, this.#line.notify(count));
  }

  /** Wakes all waiters. Throws a `StateError` if the caller does not have the lock. */
  notifyAll(): void {
    const lock = this.#mine('notifyAll');
    this.#wakeLater(lock, this.#line.notifyAll());
  }

  /** Ends the use of the condition in this process: its waits reject with a `ClosedError`, after they have taken the lock again. */
  override close(): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const [entry] of waits) this.#withdraw(entry, true);
    this.#isClosed = true;
    super.close();
    for (const [, cancel] of waits) cancel();
  }

  /** Returns the lock. Throws if this object is closed. */
  #open(): Lock {
    this.assertOpen();
    return this.#lock;
  }

  #mine(call: string): Lock {
    const lock = this.#open();
    if (lock.isMine()) return lock;
    throw new StateError(`${call}() needs the lock of its Condition: acquire it first.`);
  }

  *#awaitTrue(call: string, predicate: () => unknown, options: WaitOptions | undefined): Steps<unknown> {
    const deadline = clock() + readTimeout(options);
    assertPredicate(predicate);
    this.#mine(call);
    for (;;) {
      const answer = yield* step<unknown>(predicate, predicate);
      const left = deadline - clock();
      if (answer || left <= 0) return answer;
      // The predicate may have released the lock.
      this.#mine(call);
      const rest = options && { ...options, timeout: left };
      yield* step(
        () => this.wait(rest),
        () => this.waitSync(rest),
      );
    }
  }

  /** Enters the line, then releases the lock. */
  #letGo(lock: Lock): { entry: number; reacquire: Reacquire } {
    const entry = this.#line.enrol();
    try {
      return { entry, reacquire: lock.setAside() };
    } catch (error) {
      // Another member has released the lock.
      this.#withdraw(entry, true);
      throw error;
    }
  }

  /** A notified waiter needs the lock, which the caller still has: the waiter is woken after the release. */
  #wakeLater(lock: Lock, members: readonly number[]): void {
    if (members.length === 0) return;
    lock.afterRelease(() => {
      if (this.#isClosed) for (const member of members) this.#family.parker.wake(member);
      else this.#line.wake(members);
    });
    this.#family.parker.remind(this.#onReminder);
  }

  /** Ends a wait; returns whether it had been notified. An unused notification goes to the next waiter. */
  #withdraw(entry: number, unused: boolean): boolean {
    const notified = this.#line.withdraw(entry);
    if (notified && unused) this.#line.wake(this.#line.notify(1));
    return notified;
  }

  #sleepSync(entry: number, deadline: number): void {
    const attempt = () => (this.#line.isNotified(entry) ? true : NOT_YET);
    if (this.#spinner.spin(attempt, true) !== NOT_YET) return;
    this.#family.parker.block(() => {
      this.#line.passOn();
      return this.#line.isNotified(entry);
    }, deadline);
  }

  /** Sleeps in the event loop until the wait is notified or reaches its time-out. */
  async #sleep(entry: number, options: WaitOptions | undefined): Promise<void> {
    const { parker } = this.#family;
    let wake = () => {};
    let failure: { readonly error: unknown } | undefined;
    const pending = {
      check: () => {
        try {
          this.#line.passOn();
        } catch (error) {
          // The error belongs to this wait, not to another check.
          failure = { error };
          wake();
        }
        if (this.#line.isNotified(entry)) wake();
      },
    };
    this.#waits.set(entry, () => wake());
    try {
      await awaitEvent((done) => {
        wake = done;
        parker.add(pending);
        pending.check();
      }, options);
    } finally {
      parker.remove(pending);
    }
    if (failure !== undefined) throw failure.error;
    if (this.#isClosed) throw closedError(this);
  }
}

function readLock(lock: Lock | undefined): Lock {
  if (lock === undefined) return new RLock();
  if (lock instanceof Lock) return lock;
  throw new TypeError('lock must be a Lock or an RLock');
}

function lockAt(family: Family, offset: number): Lock {
  const known = knownObject(offset);
  if (known !== undefined) return known as Lock;
  return kindOf(family, offset) === kinds.RLOCK ? new RLock(new Existing(offset)) : new Lock(new Existing(offset));
}

function assertPredicate(predicate: unknown): void {
  if (typeof predicate !== 'function') throw new TypeError(`predicate must be a function, not ${typeof predicate}`);
}
