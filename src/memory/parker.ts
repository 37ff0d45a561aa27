import { clearTimeout, clock, setImmediate, setTimeout } from '../engine/builtins.ts';
import type { Memory } from '../platform/memory.ts';
import { Errands } from './errands.ts';
import { field, type Members } from './members.ts';
import { type Listening, parked, type Signals } from './signals.ts';

/** A bell is tried this many times before a warning is emitted; after that it is tried again. */
const TRIES_BEFORE_WARNING = 50;
/** Milliseconds until `remind` calls back. */
const REMIND_AFTER = 20;
/** The longest sleep at once, in ms: the kernel's types must be able to hold it. */
const LONGEST = 2 ** 31;
/** The longest sleep where Node may end the parent thread, and this thread with it, without notice. */
const LONGEST_OF_NESTED = 1000;

/** A condition that code in this thread awaits. */
export interface Pending {
  /** True if it does not keep the program alive. */
  readonly isBackground?: boolean;
  /** Checks whether the condition has come true, and settles if so. */
  check(): void;
}

interface ParkerParts {
  readonly memory: Memory;
  readonly members: Members;
  readonly signals: Signals;
  /** This member's number. */
  readonly me: number;
  readonly isNested: boolean;
  /** The function in which a thread waits that is being ended. */
  readonly awaitEnd: () => never;
}

/** How one thread sleeps until another member wakes it, and how it wakes others. */
export class Parker {
  readonly #memory: Memory;
  readonly #members: Members;
  readonly #signals: Signals;
  readonly #me: number;
  readonly #longest: number;
  readonly #pending = new Set<Pending>();
  #listening: Listening | undefined;
  #scheduled = false;
  /** The number of pending conditions that keep the program alive. */
  #holding = 0;
  #reminders = new Set<() => void>();
  #remindAt = 0;
  #remindTimer: NodeJS.Timeout | undefined;
  /** The members that must be woken and whose bell could not be rung, with the number of tries. */
  readonly #unrung = new Map<number, number>();
  readonly #errands: Errands;
  /** The function in which a thread waits that is being ended. */
  readonly #awaitEnd: () => never;

  constructor({ memory, members, signals, me, isNested, awaitEnd }: ParkerParts) {
    this.#memory = memory;
    this.#members = members;
    this.#signals = signals;
    this.#me = me;
    this.#longest = isNested ? LONGEST_OF_NESTED : LONGEST;
    this.#errands = new Errands(members, me);
    this.#awaitEnd = awaitEnd;
  }

  /**
   * Wakes a member whose condition may have come true; returns false if it is known to be dead. Never throws: the condition stays true,
   * and a bell that could not be rung is rung later.
   */
  wake(member: number): boolean {
    if (this.#members.isKnownGone(member)) return false;
    // SYNC(park): the sleeper's next check sees what was written before this.
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was === parked.AWAKE) return true;
    if (!this.#members.isOf(member)) {
      // The member died, and its slot was given on, between the check and the exchange: the word was that of the next member.
      this.rouse(this.#members.successorOf(member));
      return false;
    }
    if (was === parked.SLEEPING) {
      // If it did not sleep there, it is about to sleep or wake up, or is dead. Ringing does no harm and shows which.
      if (this.#wakeSleeper(member)) return true;
    }
    return this.#ring(member);
  }

  /** Wakes a member whatever its word says: a waker that died may have written AWAKE without waking it. */
  rouse(member: number): void {
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was !== parked.ARMED && this.#wakeSleeper(member)) return;
    this.#ring(member);
  }

  /** Returns false if the member did not sleep at its word. */
  #wakeSleeper(member: number): boolean {
    return this.#memory.wake(this.#members.place(member, field.parked));
  }

  /** Returns false if the member is dead. */
  #ring(member: number): boolean {
    const heard = this.#signals.doorbells.ring(member);
    if (heard === 'unknown') this.#ringLater(member);
    return heard !== 'gone';
  }

  /** Its word says again that it sleeps, so that the next waker tries too. This thread, and members nearer to it, also try after a while. */
  #ringLater(member: number): void {
    this.#members.compareExchange(member, field.parked, parked.AWAKE, parked.ARMED);
    const tries = (this.#unrung.get(member) ?? 0) + 1;
    this.#unrung.set(member, tries);
    if (tries === TRIES_BEFORE_WARNING) {
      process.emitWarning(
        `Process ${this.#members.get(member, field.pid)} could not be woken by process ${process.pid} for a second: it belongs to another user, or too many files are open.`,
      );
    }
    for (const nearer of this.#errands.leave(member)) if (this.#alarm(nearer)) break;
    this.remind(this.#ringAgain);
  }

  /** Makes a member check for errands, which it hears even while it awaits nothing; returns false if that is not possible. */
  #alarm(member: number): boolean {
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was === parked.SLEEPING && this.#wakeSleeper(member)) return true;
    if (this.#signals.doorbells.ring(member) === 'rung') return true;
    this.#members.compareExchange(member, field.parked, parked.AWAKE, was);
    return false;
  }

  readonly #ringAgain = (): void => {
    for (const [member, tries] of [...this.#unrung]) {
      this.#wakeIfAsleep(member);
      if (this.#unrung.get(member) === tries) this.#unrung.delete(member);
    }
  };

  /** A member that is awake, or blocked, has checked its conditions since it was to be woken. */
  readonly #wakeIfAsleep = (member: number): void => {
    if (this.#members.get(member, field.parked) === parked.ARMED) this.wake(member);
  };

  /** Listens to the bell from now on, even while this member awaits nothing: another member may have an errand for it. */
  listen(): void {
    this.#listen();
  }

  /** Calls `pending.check` whenever this member is woken, and keeps the program alive, until `remove`. The caller must check once after this. */
  add(pending: Pending): void {
    this.#pending.add(pending);
    if (this.#pending.size === 1) {
      this.#listen();
      this.#arm();
    }
    if (!pending.isBackground && ++this.#holding === 1) this.#listen().ref();
  }

  remove(pending: Pending): void {
    if (!this.#pending.delete(pending)) return;
    if (!pending.isBackground && --this.#holding === 0) this.#listening?.unref();
    if (this.#pending.size === 0) this.#members.set(this.#me, field.parked, parked.AWAKE);
  }

  /** Sets whether a pending condition keeps the program alive from now on. */
  keepAlive(pending: Pending, keep: boolean): void {
    if (!this.#pending.has(pending)) return;
    if (!keep && --this.#holding === 0) this.#listening?.unref();
    if (keep && ++this.#holding === 1) this.#listen().ref();
  }

  /** Calls every pending check soon, from the event loop. */
  schedule(): void {
    if (this.#scheduled || this.#pending.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#service();
    });
  }

  /**
   * Calls back once, after about 20 ms, whether this thread turns its event loop by then or is blocked. Does not keep the program alive.
   * Another call before that changes nothing.
   */
  remind(callback: () => void): void {
    if (this.#reminders.size === 0) {
      this.#remindAt = clock() + REMIND_AFTER;
      this.#remindTimer = setTimeout(() => this.#remind(), REMIND_AFTER).unref();
    }
    this.#reminders.add(callback);
  }

  #remind(): void {
    clearTimeout(this.#remindTimer);
    const callbacks = this.#reminders;
    this.#reminders = new Set();
    each(callbacks, (callback) => callback());
  }

  /**
   * Blocks the thread until `attempt` returns true, or until `deadline` (by performance.now()); returns the last result of `attempt`.
   * `attempt` is called after each wake-up, and may be called without a reason.
   */
  block(attempt: () => boolean, deadline: number): boolean {
    let way: number = parked.SLEEPING;
    try {
      for (;;) {
        // SYNC(park): from here on either a waker sees that this thread sleeps, or this thread sees what the waker wrote before.
        this.#members.set(this.#me, field.parked, way);
        if (attempt()) return true;
        this.#errands.run(this.#wakeIfAsleep);
        this.#awaitEndIfCondemned();
        // Only now is it known whose death must wake this thread too. A change of the way to sleep needs another check after it is
        // announced.
        const needed = this.#signals.wayToSleep();
        if (needed !== way) {
          if (needed !== parked.AWAKE) way = needed;
          continue;
        }
        const now = clock();
        if (now >= deadline) return false;
        const until = this.#reminders.size > 0 ? Math.min(deadline, this.#remindAt) : deadline;
        const left = Math.min(Math.max(until - now, 0), this.#longest);
        this.#signals.sleep(way, left);
        if (this.#reminders.size > 0 && clock() >= this.#remindAt) this.#remind();
      }
    } finally {
      this.#arm();
      // Bells for the waits of the event loop were heard here meanwhile.
      this.schedule();
    }
  }

  /**
   * Blocks the thread in `sleep`, which sleeps at most `longest` ms and until this member is rung. If `sleep` returns `undefined`, it is
   * called again; otherwise its result is returned.
   */
  blockIn<T>(sleep: (longest: number) => T | undefined): T {
    try {
      for (;;) {
        // SYNC(park): a member that wakes this one from here on rings.
        this.#members.set(this.#me, field.parked, parked.ARMED);
        this.#awaitEndIfCondemned();
        const answer = sleep(this.#longest);
        if (answer !== undefined) return answer;
      }
    } finally {
      this.#arm();
      this.schedule();
    }
  }

  /** SYNC(condemn): a member that stops this thread wakes it after writing the word. This call then never returns: Node ends the wait. */
  #awaitEndIfCondemned(): void {
    if (this.#members.isCondemned(this.#me)) this.#awaitEnd();
  }

  /** Sets this thread's word for the time that it runs: armed only if its event loop awaits something. */
  #arm(): void {
    this.#members.set(this.#me, field.parked, this.#pending.size > 0 ? parked.ARMED : parked.AWAKE);
  }

  #service(): void {
    this.#arm();
    this.#errands.run(this.#wakeIfAsleep);
    each([...this.#pending], (pending) => pending.check());
  }

  #listen(): Listening {
    this.#listening ??= this.#signals.listen(() => this.#service());
    return this.#listening;
  }
}

/** Calls `call` with each of them, whether or not it fails for others. Then throws the first error, if there was one. */
function each<T>(all: Iterable<T>, call: (one: T) => void): void {
  const failures: unknown[] = [];
  for (const one of all) {
    try {
      call(one);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
