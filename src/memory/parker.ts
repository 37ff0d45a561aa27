import { clearTimeout, clock, setImmediate, setTimeout } from '../builtins.ts';
import type { Memory } from '../platform/memory.ts';
import { Errands } from './errands.ts';
import { field, type Members } from './members.ts';
import { type Listening, parked, type Signals } from './signals.ts';

/** So many times a bell is tried again before the program is told, and goes on being tried. */
const TRIES_BEFORE_WARNING = 50;
/** Milliseconds until `remind` calls back. */
const REMIND_AFTER = 20;
/** The longest that a thread sleeps at once, in ms: what the kernel is told must fit into its types. */
const LONGEST = 2 ** 31;
/** The same where Node may end the thread that started this one, and this one with it, without a word to either. */
const LONGEST_OF_NESTED = 1000;

/** A condition that somebody in this thread awaits. */
export interface Pending {
  /** True if it does not keep the program alive. */
  readonly isBackground?: boolean;
  /** Looks whether the condition has come true, and settles if so. */
  check(): void;
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
  /** How many of the pending ones keep the program alive. */
  #holding = 0;
  #reminders = new Set<() => void>();
  #remindAt = 0;
  #remindTimer: NodeJS.Timeout | undefined;
  /** The members that are to be woken and whose bell could not be rung, with how often that was tried. */
  readonly #unrung = new Map<number, number>();
  readonly #errands: Errands;
  /** Where a thread waits that is being ended. */
  readonly #awaitEnd: () => never;

  constructor(
    memory: Memory,
    members: Members,
    signals: Signals,
    me: number,
    isNested: boolean,
    awaitEnd: () => never,
  ) {
    this.#memory = memory;
    this.#members = members;
    this.#signals = signals;
    this.#me = me;
    this.#longest = isNested ? LONGEST_OF_NESTED : LONGEST;
    this.#errands = new Errands(members, me);
    this.#awaitEnd = awaitEnd;
  }

  /**
   * Wakes a member whose condition may have come true; false if it is known to be dead. Never throws: what was made true before is
   * true, and a bell that could not be rung is rung later.
   */
  wake(member: number): boolean {
    if (this.#members.isKnownGone(member)) return false;
    // SYNC(park): what was written before this is seen by the sleeper's next look.
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was === parked.AWAKE) return true;
    if (!this.#members.isOf(member)) {
      // It died, and its slot went on, between the look and the exchange: the word was the next one's.
      this.rouse(this.#members.successorOf(member));
      return false;
    }
    if (was === parked.SLEEPING) {
      // Where nobody slept there, it is on the way into or out of its sleep, or dead. To ring harms nothing and tells which.
      if (this.#wakeSleeper(member)) return true;
    }
    return this.#ring(member);
  }

  /** Wakes a member whatever its word says: a waker that died may have written AWAKE, and woken nobody. */
  rouse(member: number): void {
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was !== parked.ARMED && this.#wakeSleeper(member)) return;
    this.#ring(member);
  }

  /** False if nobody slept at its word. */
  #wakeSleeper(member: number): boolean {
    return this.#memory.wake(this.#members.place(member, field.parked));
  }

  /** False if the member is dead. */
  #ring(member: number): boolean {
    const heard = this.#signals.ring(member);
    if (heard === 'unknown') this.#ringLater(member);
    return heard !== 'gone';
  }

  /** Its word says again that it sleeps, so that the next waker tries, too. So does this thread, after a while, and whoever is nearer to it. */
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

  /** Has a member look for errands, which listens even while it awaits nothing; false if that cannot be. */
  #alarm(member: number): boolean {
    const was = this.#members.exchange(member, field.parked, parked.AWAKE);
    if (was === parked.SLEEPING && this.#wakeSleeper(member)) return true;
    if (this.#signals.ring(member) === 'rung') return true;
    this.#members.compareExchange(member, field.parked, parked.AWAKE, was);
    return false;
  }

  readonly #ringAgain = (): void => {
    for (const [member, tries] of [...this.#unrung]) {
      this.#wakeIfAsleep(member);
      if (this.#unrung.get(member) === tries) this.#unrung.delete(member);
    }
  };

  /** One that is awake, or blocked, has looked since it was to be woken. */
  readonly #wakeIfAsleep = (member: number): void => {
    if (this.#members.get(member, field.parked) === parked.ARMED) this.wake(member);
  };

  /** Hears its bell from now on, even while it awaits nothing: somebody may have an errand for it. */
  listen(): void {
    this.#listen();
  }

  /** Has `pending.check` called whenever this member is woken, and keeps the program alive, until `remove`. Check once after this. */
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

  /** Says that a pending one keeps the program alive from now on, or not any more. */
  hold(pending: Pending, keep: boolean): void {
    if (!this.#pending.has(pending)) return;
    if (!keep && --this.#holding === 0) this.#listening?.unref();
    if (keep && ++this.#holding === 1) this.#listen().ref();
  }

  /** Calls every pending check, soon, from the event loop. */
  schedule(): void {
    if (this.#scheduled || this.#pending.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#service();
    });
  }

  /**
   * Calls back once, after some 20 ms, whether this thread turns its event loop by then or is blocked. Does not keep the
   * program alive. Asking again before that changes nothing.
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
    let failures: unknown[] | undefined;
    for (const callback of callbacks) {
      try {
        callback();
      } catch (error) {
        failures ??= [];
        failures.push(error);
      }
    }
    if (failures !== undefined) throw failures[0];
  }

  /**
   * Blocks the thread until `attempt` says true, `deadline` (as of performance.now()) at most; answers what `attempt` said last.
   * `attempt` is called after each wake-up, and may be called for no reason.
   */
  block(attempt: () => boolean, deadline: number): boolean {
    let way: number = parked.SLEEPING;
    try {
      for (;;) {
        // SYNC(park): from here on a waker sees that we sleep, or we see what it wrote before.
        this.#members.set(this.#me, field.parked, way);
        if (attempt()) return true;
        this.#errands.run(this.#wakeIfAsleep);
        this.#awaitEndIfCondemned();
        // Only now is it known whose death must wake us too. Another way to sleep takes another look after it is announced.
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
      // Bells that rang for the event loop's own waits meanwhile went to us.
      this.schedule();
    }
  }

  /**
   * Blocks the thread in `sleep`, which sleeps for no more than `longest` ms and until this member is rung: `undefined` if that was so,
   * and it is called again. Answers what it answers.
   */
  blockIn<T>(sleep: (longest: number) => T | undefined): T {
    try {
      for (;;) {
        // SYNC(park): who wakes us from here on rings.
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

  /** SYNC(condemn): whoever stops this thread wakes it after it has said so. It never comes out of here then: Node ends the wait. */
  #awaitEndIfCondemned(): void {
    if (this.#members.isCondemned(this.#me)) this.#awaitEnd();
  }

  /** What this thread's word says while it runs: armed only if its event loop awaits something. */
  #arm(): void {
    this.#members.set(this.#me, field.parked, this.#pending.size > 0 ? parked.ARMED : parked.AWAKE);
  }

  #service(): void {
    this.#arm();
    this.#errands.run(this.#wakeIfAsleep);
    let failures: unknown[] | undefined;
    for (const pending of [...this.#pending]) {
      try {
        pending.check();
      } catch (error) {
        // The others have been woken, too.
        failures ??= [];
        failures.push(error);
      }
    }
    if (failures !== undefined) throw failures[0];
  }

  #listen(): Listening {
    this.#listening ??= this.#signals.listen(() => this.#service());
    return this.#listening;
  }
}
