import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import type { Pending } from '../memory/parker.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { type Attempt, NOT_YET, type NotYet } from '../waits/attempt.ts';
import { Waiters } from '../waits/waiters.ts';
import type { Awaited } from './awaited.ts';
import { DeathWatch } from './death-watch.ts';
import { Spinner } from './spinner.ts';
import { WaitList } from './wait-list.ts';

/** After this time in ms, a waiter that was woken in vain requests a handoff. */
const PATIENCE = 1;

/**
 * The waits of this thread for one shared object: promises in order of arrival, and at most one blocked call. In shared memory they are
 * one entry of the wait list. Waiters are woken and then compete: a wake-up is a hint, the attempt decides. See README.md.
 */
export class WaitQueue implements Pending {
  readonly #family: Family;
  /** The line in shared memory, by which others wake the waits of this thread. */
  readonly list: WaitList;
  readonly #awaited: Awaited;
  isBackground: boolean;
  readonly #waiters: Waiters;
  readonly #spinner = new Spinner();
  readonly #watch: DeathWatch;
  /** True while promises of this thread wait. */
  #hasLocal = false;
  /** When the first waiter of this thread came, or when the last one was served. */
  #since = 0;
  #serving = false;
  #closed = false;

  constructor(family: Family, offset: number, awaited: Awaited) {
    this.#family = family;
    this.list = new WaitList(family, offset, awaited);
    this.#awaited = awaited;
    this.#watch = new DeathWatch(family);
    this.isBackground = awaited.isBackground ?? false;
    this.#waiters = new Waiters({
      begin: (isFirst) => {
        if (isFirst) this.#stand();
        this.check();
      },
      end: (isServed) => {
        this.#hasLocal = false;
        this.#leave(isServed);
      },
    });
  }

  /** Decides whether the waits of this thread keep the program alive, from now on. */
  keepAlive(keep: boolean): void {
    if (keep === !this.isBackground) return;
    this.isBackground = !keep;
    this.#family.parker.keepAlive(this, keep);
  }

  /** True if promises of this thread wait here: a new wait goes behind them. */
  get hasLocal(): boolean {
    return this.#hasLocal;
  }

  /**
   * Waits until `attempt` succeeds. Rejects with the error that `attempt` throws or with `signal.reason`. At the time-out it calls
   * `expire`: resolves to its result, or rejects with its error.
   */
  wait<T>(attempt: Attempt<T>, options: WaitOptions | undefined, expire: () => T): Promise<T> {
    try {
      needMuchStack();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#waiters.wait(attempt, options, expire, this.#look);
  }

  readonly #look = <T>(attempt: Attempt<T>, timeout: number): T | NotYet =>
    timeout === 0 ? attempt() : this.#spinner.spin(attempt, false);

  /** Makes the first waiting promise of this thread stand in the shared line. */
  #stand(): void {
    this.#hasLocal = true;
    this.#since = clock();
    this.list.enrol();
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
    if (this.#waiters.isEmpty) {
      this.#since = clock();
      this.list.enrol();
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
        const until =
          this.#awaited.owners === undefined ? deadline : Math.min(deadline, clock() + this.#watch.nextLook());
        if (this.#family.parker.block(look, until) || until === deadline) break;
        this.#lookAtOwners();
      }
    } finally {
      if (this.#waiters.isEmpty) this.#leave(value !== NOT_YET);
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
        if (this.#waiters.serve()) served = true;
        if (this.#waiters.isEmpty) return;
      } while (this.#waitOn(served));
    } catch (error) {
      // The waiter cannot stay in line, for example because the memory of the family is used up.
      this.#waiters.fail(error);
    } finally {
      this.#serving = false;
    }
  }

  /** Ends all waits of this thread with an error; the queue must not be used afterwards. */
  close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiters.fail(error);
    this.list.close();
  }

  /** Prepares for sleep after a failed attempt; returns true if another attempt must come first. */
  #waitOn(served: boolean): boolean {
    let again = false;
    if (this.list.isNotified) {
      // The notification led to nothing, or there is more to wait for: stand in line again, at the end if it was useful.
      if (served) this.list.enrolLast();
      else this.list.enrol();
      again = true;
    }
    if (this.#awaited.owners === undefined) return again;
    const now = clock();
    if (served) this.#since = now;
    else if (now - this.#since >= PATIENCE) this.#awaited.handOff?.request();
    // The object is kept for another member, which may not come. The member that was to check this may have gone.
    if (this.#awaited.handOff?.kept()) this.list.remind();
    // Watch the member before this one in line, or the owners: in this chain, each member learns of the deaths that concern it.
    const before = this.list.predecessor();
    const died = this.#watch.watch(before !== 0 ? [before] : this.#awaited.owners());
    if ((before !== 0 || this.#watch.isBlind) && !this.#waiters.isEmpty) this.#watch.lookLater(this.#lookAgain);
    return died || again;
  }

  readonly #lookAgain = (): void => {
    this.#lookAtOwners();
    this.check();
  };

  #lookAtOwners(): void {
    this.#watch.reclaimDead(this.#awaited.owners?.() ?? []);
  }

  /** The last waiter of this thread has gone: passes on its notification. */
  #leave(successful: boolean): void {
    this.#family.parker.remove(this);
    this.#watch.stop();
    // A member that watches this one, and not the owner, must look for another to watch, unless this one is the owner now.
    const successor = successful || this.#awaited.owners === undefined ? 0 : this.list.successor();
    const notified = this.list.withdraw();
    if (!successful) this.#awaited.handOff?.decline();
    if (notified && this.#awaited.isReady()) this.list.notify();
    if (successor !== 0) this.#family.parker.wake(successor);
  }
}
