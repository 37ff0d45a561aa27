import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clearTimeout, clock, setTimeout } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import type { Pending } from '../memory/parker.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { onAbort } from '../waits/on-abort.ts';
import type { Awaited } from './awaited.ts';
import { DeathWatch } from './death-watch.ts';
import { settleInTurn } from './loop-turn.ts';
import { Notifier } from './notifier.ts';
import { type Attempt, NOT_YET, Spinner } from './spinner.ts';
import { WaitList } from './wait-list.ts';

/** After this time in ms, a waiter that was woken in vain insists. */
const PATIENCE = 1;
/** Milliseconds until a member that cannot count on being told of a death checks for itself: the first time, and at most. */
const FIRST_LOOK = 250;
const LAST_LOOK = 60_000;

interface Waiter {
  readonly attempt: Attempt<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  release: () => void;
}

/**
 * The waits of this thread for one shared object: promises in order of arrival, and at most one blocked call. In shared memory they are
 * one entry of the wait list. Waiters are woken and then compete: a wake-up is a hint, the attempt decides. See README.md.
 */
export class WaitQueue implements Pending {
  readonly #family: Family;
  readonly #list: WaitList;
  readonly #awaited: Awaited;
  isBackground: boolean;
  readonly #waiters = new Set<Waiter>();
  readonly #notifier: Notifier;
  readonly #spinner = new Spinner();
  readonly #watch: DeathWatch;
  /** Checks after `#look` ms, while this thread cannot count on being told. */
  #lookTimer: NodeJS.Timeout | undefined;
  #look = FIRST_LOOK;
  /** When the first waiter of this thread came, or when the last one was served. */
  #since = 0;
  #serving = false;
  #closed = false;

  constructor(family: Family, offset: number, awaited: Awaited) {
    this.#family = family;
    this.#list = new WaitList(family, offset, awaited.isLastFirst);
    this.#awaited = awaited;
    this.#notifier = new Notifier(family, this.#list, awaited);
    this.#watch = new DeathWatch(family);
    this.isBackground = awaited.isBackground ?? false;
  }

  /** Decides whether the waits of this thread keep the program alive, from now on. */
  hold(keep: boolean): void {
    if (keep === !this.isBackground) return;
    this.isBackground = !keep;
    this.#family.parker.hold(this, keep);
  }

  /** True if any member waits that was not notified yet. */
  get hasWaiting(): boolean {
    return this.#list.hasWaiting;
  }

  /** True if promises of this thread wait here: a new wait goes behind them. */
  get hasLocal(): boolean {
    return this.#waiters.size > 0;
  }

  /** Wakes the member that has waited longest. If it does not come, wakes the next one too. */
  notify(): void {
    this.#notifier.notify();
  }

  /** Returns all other living members that wait here. */
  others(): number[] {
    return this.#list.others();
  }

  /** True if the member waits here, or died while it did. */
  has(member: number): boolean {
    return this.#list.has(member);
  }

  /** Marks the member that has waited longest as notified and returns its number, for `wake`. Returns 0 if none waits. */
  nominate(): number {
    return this.#list.nominate();
  }

  /** Wakes the member that was nominated; returns false if it is dead. */
  wake(member: number): boolean {
    return this.#family.parker.wake(member);
  }

  /** Makes this thread check after a moment whether the woken member, or the member for which the object is kept, has come. */
  remind(): void {
    if (!this.#closed) this.#notifier.remind();
  }

  notifyAll(): void {
    this.#list.notifyAll();
  }

  /**
   * Waits until `attempt` succeeds. Rejects with the error that `attempt` throws or with `signal.reason`. At the time-out it calls
   * `expire`: resolves to its result, or rejects with its error.
   */
  wait<T>(attempt: Attempt<T>, options: WaitOptions | undefined, expire: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      needMuchStack();
      const timeout = readTimeout(options);
      const signal = options?.signal;
      signal?.throwIfAborted();
      if (this.#waiters.size === 0) {
        const value = timeout === 0 ? attempt() : this.#spinner.spin(attempt, false);
        if (value !== NOT_YET) return settleInTurn(resolve, value);
      }
      if (timeout === 0) settleInTurn(() => settle(expire, resolve, reject), undefined);
      else this.#enqueue(attempt, timeout, signal, expire, resolve as Waiter['resolve'], reject);
    });
  }

  /** Makes a promise wait that cannot be settled yet. Separate from `wait`, so that a wait that need not wait makes none of this. */
  #enqueue<T>(
    attempt: Attempt<T>,
    timeout: number,
    signal: AbortSignal | undefined,
    expire: () => T,
    resolve: Waiter['resolve'],
    reject: Waiter['reject'],
  ): void {
    const waiter: Waiter = { attempt, resolve, reject, release: () => {} };
    const giveUp = (settle: () => void) => {
      this.#remove(waiter);
      if (this.#waiters.size === 0) this.#leave(false);
      settle();
    };
    const onTime = () => {
      // This thread may have come too late: the first waiter tries once more.
      const [first] = this.#waiters;
      if (first !== waiter || !this.#serve(waiter)) giveUp(() => settle(expire, resolve, reject));
      else if (this.#waiters.size === 0) this.#leave(true);
    };
    // A time-out that is longer than a timer can run counts as none.
    const timer = timeout <= 0x7fffffff ? setTimeout(onTime, timeout) : undefined;
    const stopListening = signal && onAbort(signal, () => giveUp(() => reject(signal.reason)));
    waiter.release = () => {
      clearTimeout(timer);
      stopListening?.();
    };

    this.#waiters.add(waiter);
    try {
      if (this.#waiters.size === 1) this.#stand();
    } catch (error) {
      giveUp(() => reject(error));
      return;
    }
    this.check();
  }

  /** Makes the first waiting promise of this thread stand in the shared line. */
  #stand(): void {
    this.#since = clock();
    this.#list.enrol();
    this.#family.parker.add(this);
  }

  /** Blocks the thread until `attempt` succeeds. At the time-out, returns or throws what `expire` does. */
  waitSync<T>(attempt: Attempt<T>, options: SyncWaitOptions | undefined, expire: () => T): T {
    needMuchStack();
    const timeout = readTimeout(options);
    const deadline = clock() + timeout;
    let value = timeout === 0 ? attempt() : this.#spinner.spin(attempt, true);
    if (value !== NOT_YET) return value;
    if (timeout === 0) return expire();
    if (this.#waiters.size === 0) {
      this.#since = clock();
      this.#list.enrol();
    }
    const look = () => {
      do {
        value = attempt();
        if (value !== NOT_YET) return true;
      } while (this.#waitOn(false));
      return false;
    };
    try {
      for (;;) {
        const until = this.#awaited.owners === undefined ? deadline : Math.min(deadline, clock() + this.#nextLook());
        if (this.#family.parker.block(look, until) || until === deadline) break;
        this.#lookAtOwners();
      }
    } finally {
      if (this.#waiters.size === 0) this.#leave(value !== NOT_YET);
    }
    return value === NOT_YET ? expire() : value;
  }

  /** Serves the promises of this thread as far as possible; never throws. */
  check(): void {
    // An attempt may run user code that waits here itself: the loop below serves that wait too.
    if (this.#serving) return;
    this.#serving = true;
    try {
      let served = false;
      do {
        for (const waiter of this.#waiters) {
          if (!this.#serve(waiter)) break;
          served = true;
        }
        if (this.#waiters.size === 0) {
          this.#leave(true);
          return;
        }
      } while (this.#waitOn(served));
    } catch (error) {
      // The waiter cannot stay in line, for example because the memory of the family is used up.
      this.#fail(error);
    } finally {
      this.#serving = false;
    }
  }

  /** Ends all waits of this thread with an error; the queue must not be used afterwards. */
  close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(error);
    this.#notifier.handOn();
  }

  #fail(error: unknown): void {
    for (const waiter of this.#waiters) {
      this.#remove(waiter);
      waiter.reject(error);
    }
    this.#leave(false);
  }

  /** Settles the waiter if its attempt succeeds or throws; returns false if it must wait on. */
  #serve(waiter: Waiter): boolean {
    let value: unknown;
    try {
      value = waiter.attempt();
      if (value === NOT_YET) return false;
    } catch (error) {
      this.#remove(waiter);
      waiter.reject(error);
      return true;
    }
    this.#remove(waiter);
    waiter.resolve(value);
    return true;
  }

  /** Prepares for sleep after a failed attempt; returns true if another attempt must come first. */
  #waitOn(served: boolean): boolean {
    let again = false;
    if (this.#list.isNotified) {
      // The notification led to nothing, or there is more to wait for: stand in line again, at the end if it was useful.
      if (served) this.#list.enrolLast();
      else this.#list.enrol();
      again = true;
    }
    if (this.#awaited.owners === undefined) return again;
    const now = clock();
    if (served) this.#since = now;
    else if (now - this.#since >= PATIENCE) this.#awaited.handOver?.insist();
    // The object is kept for another member, which may not come. The member that was to check this may have gone.
    if (this.#awaited.handOver?.kept()) this.#notifier.remind();
    // Watch the member before this one in line, or the owners: in this chain, each member learns of the deaths that concern it.
    const before = this.#list.predecessor();
    const died = this.#watch.watch(before !== 0 ? [before] : this.#awaited.owners());
    if ((before !== 0 || this.#watch.isBlind) && this.#waiters.size > 0) this.#lookLater();
    return died || again;
  }

  /** Checks later for itself, because the member before this one may be stopped and then reports no death. */
  #lookLater(): void {
    if (this.#lookTimer !== undefined) return;
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = undefined;
      this.#lookAtOwners();
      this.check();
    }, this.#nextLook()).unref();
  }

  #nextLook(): number {
    const look = this.#look;
    this.#look = Math.min(look * 2, LAST_LOOK);
    return look;
  }

  #lookAtOwners(): void {
    this.#watch.buryDead(this.#awaited.owners?.() ?? []);
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.release();
  }

  /** The last waiter of this thread has gone: passes on its notification. */
  #leave(successful: boolean): void {
    this.#family.parker.remove(this);
    this.#watch.stop();
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#look = FIRST_LOOK;
    // A member that watches this one, and not the owner, must look for another to watch, unless this one is the owner now.
    const successor = successful || this.#awaited.owners === undefined ? 0 : this.#list.successor();
    const notified = this.#list.withdraw();
    if (!successful) this.#awaited.handOver?.decline();
    if (notified && this.#awaited.isReady()) this.notify();
    if (successor !== 0) this.#family.parker.wake(successor);
  }
}

/** Settles a promise at its time-out with what `expire` returns or throws. */
function settle<T>(expire: () => T, resolve: (value: T) => void, reject: (reason: unknown) => void): void {
  try {
    resolve(expire());
  } catch (error) {
    reject(error);
  }
}
