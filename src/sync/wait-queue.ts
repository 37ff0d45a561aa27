import type { Family } from '../memory/family.ts';
import type { Pending } from '../memory/parker.ts';
import { onAbort } from '../on-abort.ts';
import { readTimeout, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { settleInTurn } from './loop-turn.ts';
import { type Attempt, NOT_YET, Spinner } from './spinner.ts';
import { WaitList } from './wait-list.ts';

/** What a wait queue must know of the thing that is waited for. */
export interface Awaited {
  /** True if another waiter could succeed now: asked when one leaves with a notification that it may not have used up. */
  isReady(): boolean;
  /** The members whose death must not pass unseen: those who have the thing and are to let go of it. */
  owners?(): readonly number[];
  /** What a thing that an owner hands on, as a lock, knows besides. */
  readonly handOver?: HandOver;
  /** True where waiting does not keep the program alive. */
  readonly isBackground?: boolean;
}

export interface HandOver {
  /** A waiter has waited long enough: the owner shall hand it over, not just let go. */
  insist(): void;
  /** The last waiter of this thread gives up: what was handed to this member goes on to the next. */
  decline(): void;
  /** What was handed to a member that has not taken it so far becomes free again. */
  reclaim(): void;
}

/** From this wait on, in ms, a waiter that was woken in vain insists. */
const PATIENCE = 1;

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
  readonly #spinner = new Spinner();
  /** The members that this thread watches while it waits, each with what is called when it dies. */
  readonly #watched = new Map<number, () => void>();
  /** When the first waiter of this thread came, or when one was served last. */
  #since = 0;
  #serving = false;
  #closed = false;

  constructor(family: Family, offset: number, awaited: Awaited) {
    this.#family = family;
    this.#list = new WaitList(family, offset);
    this.#awaited = awaited;
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
    if (this.#list.notify() && this.#list.hasWaiting) this.remind();
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

  /** Has this thread look after a moment whether the one that was woken has come: it may be stopped, or busy for long. */
  remind(): void {
    this.#family.parker.remind(this.#onReminder);
  }

  readonly #onReminder = () => {
    if (this.#closed) return;
    this.#awaited.handOver?.reclaim();
    if (this.hasWaiting && this.#awaited.isReady()) this.notify();
  };

  notifyAll(): void {
    this.#list.notifyAll();
  }

  /**
   * Waits until `attempt` succeeds. Rejects with what it throws, with `signal.reason`, or with what `expire` throws when the
   * time is over; what `expire` answers is the value then.
   */
  wait<T>(attempt: Attempt<T>, options: WaitOptions | undefined, expire: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timeout = readTimeout(options);
      const signal = options?.signal;
      signal?.throwIfAborted();
      if (this.#waiters.size === 0) {
        const value = timeout === 0 ? attempt() : this.#spinner.spin(attempt, false);
        if (value !== NOT_YET) return settleInTurn(resolve, value);
      }
      const onExpired = () => {
        try {
          resolve(expire());
        } catch (error) {
          reject(error);
        }
      };
      if (timeout === 0) return settleInTurn(onExpired, undefined);

      const waiter: Waiter = { attempt, resolve: resolve as Waiter['resolve'], reject, release: () => {} };
      const giveUp = (settle: () => void) => {
        this.#remove(waiter);
        if (this.#waiters.size === 0) this.#leave(false);
        settle();
      };
      const onTime = () => {
        // Perhaps it was this thread that came too late: the one whose turn it is looks once more.
        const [first] = this.#waiters;
        if (first !== waiter || !this.#serve(waiter)) giveUp(onExpired);
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
      if (this.#waiters.size === 1) {
        this.#since = performance.now();
        this.#list.enrol();
        this.#family.parker.add(this);
      }
      this.check();
    });
  }

  /** Blocks the thread until `attempt` succeeds; when the time is over, answers or throws as `expire` does. */
  waitSync<T>(attempt: Attempt<T>, options: SyncWaitOptions | undefined, expire: () => T): T {
    const timeout = readTimeout(options);
    const deadline = performance.now() + timeout;
    let value = timeout === 0 ? attempt() : this.#spinner.spin(attempt, true);
    if (value !== NOT_YET) return value;
    if (timeout === 0) return expire();
    if (this.#waiters.size === 0) {
      this.#since = performance.now();
      this.#list.enrol();
    }
    try {
      this.#family.parker.block(() => {
        do {
          value = attempt();
          if (value !== NOT_YET) return true;
        } while (this.#waitOn(false));
        return false;
      }, deadline);
    } finally {
      if (this.#waiters.size === 0) this.#leave(value !== NOT_YET);
    }
    return value === NOT_YET ? expire() : value;
  }

  /** Serves the promises of this thread as far as it goes. */
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
    } finally {
      this.#serving = false;
    }
  }

  /** Ends all waits of this thread with an error; nothing here may be used afterwards. */
  close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
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
    const now = performance.now();
    if (served) this.#since = now;
    else if (now - this.#since >= PATIENCE) this.#awaited.handOver?.insist();
    const before = this.#list.predecessor();
    return (before !== 0 ? this.#watch(before) : this.#watchOwners(this.#awaited.owners())) || again;
  }

  /**
   * Watches the one before us in line, or the owners: a chain in which everybody learns of the death that concerns him. True if
   * it is dead already.
   */
  #watch(member: number): boolean {
    if (this.#watched.size > 1 || !this.#watched.has(member)) this.#unwatch();
    return this.#watchToo(member);
  }

  #watchOwners(members: readonly number[]): boolean {
    if (members.length === 1) return this.#watch(members[0] as number);
    for (const watched of this.#watched.keys()) if (!members.includes(watched)) this.#unwatchOne(watched);
    let dead = false;
    for (const member of members) dead = this.#watchToo(member) || dead;
    return dead;
  }

  #watchToo(member: number): boolean {
    if (member === 0 || member === this.#family.me || this.#watched.has(member)) return false;
    const onDeath = () => {
      this.#watched.delete(member);
      this.#family.bury(member);
      this.#family.parker.schedule();
    };
    if (this.#family.lifelines.watch(member, onDeath)) {
      this.#watched.set(member, onDeath);
      return false;
    }
    // One that lives and cannot be watched is not ours to bury.
    if (!this.#family.members.isGone(member)) return false;
    this.#family.bury(member);
    return true;
  }

  #unwatchOne(member: number): void {
    this.#family.lifelines.unwatch(member, this.#watched.get(member)!);
    this.#watched.delete(member);
  }

  #unwatch(): void {
    for (const member of this.#watched.keys()) this.#unwatchOne(member);
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.release();
  }

  /** The last waiter of this thread has gone: what it stood for passes on. */
  #leave(successful: boolean): void {
    this.#family.parker.remove(this);
    this.#unwatch();
    // Whoever watches us and not the owner must look for somebody else to watch, unless we are the owner now.
    const successor = successful || this.#awaited.owners === undefined ? 0 : this.#list.successor();
    const notified = this.#list.withdraw();
    if (!successful) this.#awaited.handOver?.decline();
    if (notified && this.#awaited.isReady()) this.notify();
    if (successor !== 0) this.#family.parker.wake(successor);
  }
}
