import { clearTimeout, clock, setTimeout } from '../builtins.ts';
import type { Family } from '../memory/family.ts';
import type { Pending } from '../memory/parker.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { onAbort } from '../on-abort.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import type { Awaited } from './awaited.ts';
import { DeathWatch } from './death-watch.ts';
import { settleInTurn } from './loop-turn.ts';
import { Notifier } from './notifier.ts';
import { type Attempt, NOT_YET, Spinner } from './spinner.ts';
import { WaitList } from './wait-list.ts';

/** From this wait on, in ms, a waiter that was woken in vain insists. */
const PATIENCE = 1;
/** Milliseconds until one that cannot count on being told of a death looks for itself: at first, and at most. */
const FIRST_LOOK = 250;
const LAST_LOOK = 60_000;

interface Waiter {
  readonly attempt: Attempt<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  release: () => void;
}

/**
 * Waits of this thread for one shared thing: promises in order of arrival, and at most one blocked call. In shared memory they
 * are one entry of the wait list. Waiters are woken and then compete: a wake-up is a hint, the attempt decides. See README.md.
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
  /** Looks after `#look` ms, while this thread cannot count on being told. */
  #lookTimer: NodeJS.Timeout | undefined;
  #look = FIRST_LOOK;
  /** When the first waiter of this thread came, or when one was served last. */
  #since = 0;
  #serving = false;
  #closed = false;

  constructor(family: Family, offset: number, awaited: Awaited) {
    this.#family = family;
    this.#list = new WaitList(family, offset);
    this.#awaited = awaited;
    this.#notifier = new Notifier(family, this.#list, awaited);
    this.#watch = new DeathWatch(family);
    this.isBackground = awaited.isBackground ?? false;
  }

  /** Whether the waits of this thread keep the program alive, from now on. */
  hold(keep: boolean): void {
    if (keep === !this.isBackground) return;
    this.isBackground = !keep;
    this.#family.parker.hold(this, keep);
  }

  /** True if somebody, anywhere, waits and was not notified yet. */
  get hasWaiting(): boolean {
    return this.#list.hasWaiting;
  }

  /** True if promises of this thread wait here: a newcomer goes behind them. */
  get hasLocal(): boolean {
    return this.#waiters.size > 0;
  }

  /** Wakes the one who has waited longest, and the next one too if that comes to nothing. */
  notify(): void {
    this.#notifier.notify();
  }

  /** All other living members that wait here. */
  others(): number[] {
    return this.#list.others();
  }

  /** True if the member waits here, or died while it did. */
  has(member: number): boolean {
    return this.#list.has(member);
  }

  /** Marks the one who has waited longest as notified and answers its name: to be woken by `wake`. 0 if nobody waits. */
  nominate(): number {
    return this.#list.nominate();
  }

  /** Wakes the one that was nominated; false if it is dead. */
  wake(member: number): boolean {
    return this.#family.parker.wake(member);
  }

  /** Has this thread look after a moment whether the one has come that was woken, or for which something is kept. */
  remind(): void {
    if (!this.#closed) this.#notifier.remind();
  }

  notifyAll(): void {
    this.#list.notifyAll();
  }

  /**
   * Waits until `attempt` succeeds. Rejects with what it throws, with `signal.reason`, or with what `expire` throws when the
   * time is over; what `expire` answers is the value then.
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

  /** Has a promise wait that cannot be settled yet. Apart from `wait`, so that a wait that need not wait makes none of this. */
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
      // Perhaps it was this thread that came too late: the one whose turn it is looks once more.
      const [first] = this.#waiters;
      if (first !== waiter || !this.#serve(waiter)) giveUp(() => settle(expire, resolve, reject));
      else if (this.#waiters.size === 0) this.#leave(true);
    };
    // Longer than a timer can run is for ever, as far as anybody will see.
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

  /** The first promise of this thread that waits. */
  #stand(): void {
    this.#since = clock();
    this.#list.enrol();
    this.#family.parker.add(this);
  }

  /** Blocks the thread until `attempt` succeeds; when the time is over, answers or throws as `expire` does. */
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

  /** Serves the promises of this thread as far as it goes; never throws. */
  check(): void {
    // What is being taken may run a hook of the user's that waits here itself: the loop below comes to it.
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
      // It can stand in line no longer, as where the family's memory is used up.
      this.#fail(error);
    } finally {
      this.#serving = false;
    }
  }

  /** Ends all waits of this thread with an error; nothing here may be used afterwards. */
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

  /** Gives the shared memory outside of the object back. */
  destroy(): void {
    this.#list.destroy();
  }

  /** Settles the waiter if its attempt succeeds or throws; false if it has to wait on. */
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

  /** After a look in vain: prepares for sleep; true if it takes another look before. */
  #waitOn(served: boolean): boolean {
    let again = false;
    if (this.#list.isNotified) {
      // The notification came to nothing, or there is more to wait for: stand in line again, at the end if it was of use.
      if (served) this.#list.enrolLast();
      else this.#list.enrol();
      again = true;
    }
    if (this.#awaited.owners === undefined) return again;
    const now = clock();
    if (served) this.#since = now;
    else if (now - this.#since >= PATIENCE) this.#awaited.handOver?.insist();
    // What is kept for another, who may not come: the one who was to see to that may have gone.
    if (this.#awaited.handOver?.kept()) this.#notifier.remind();
    // The one before us in line, or the owners: a chain in which everybody learns of the death that concerns him.
    const before = this.#list.predecessor();
    const died = this.#watch.watch(before !== 0 ? [before] : this.#awaited.owners());
    if ((before !== 0 || this.#watch.isBlind) && this.#waiters.size > 0) this.#lookLater();
    return died || again;
  }

  /** Nobody may tell us of a death: the one before us may be stopped. */
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

  /** The last waiter of this thread has gone: what it stood for passes on. */
  #leave(successful: boolean): void {
    this.#family.parker.remove(this);
    this.#watch.stop();
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#look = FIRST_LOOK;
    // Whoever watches us and not the owner must look for somebody else to watch, unless we are the owner now.
    const successor = successful || this.#awaited.owners === undefined ? 0 : this.#list.successor();
    const notified = this.#list.withdraw();
    if (!successful) this.#awaited.handOver?.decline();
    if (notified && this.#awaited.isReady()) this.notify();
    if (successor !== 0) this.#family.parker.wake(successor);
  }
}

/** Settles a promise whose time is over with what `expire` returns or throws. */
function settle<T>(expire: () => T, resolve: (value: T) => void, reject: (reason: unknown) => void): void {
  try {
    resolve(expire());
  } catch (error) {
    reject(error);
  }
}
