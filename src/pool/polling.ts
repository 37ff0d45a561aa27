import { clock, os, setImmediate } from '../engine/builtins.ts';
import { platform } from '../platform/choose.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { mayPoll } from '../waits/may-poll.ts';

/** Milliseconds: waits with a longer average sleep; the longest poll; the most that one wait counts. */
const WORTH = 0.4;
const LONGEST = 0.4;
const MOST = 1;
/** The weight of the newest wait in the average. */
const NEWEST = 0.2;
/** The time in ms for which the other side is assumed to have a CPU of its own; after it, this CPU is offered to waiting threads. */
const ALONE = 0.02;
/** An offer that takes longer than this, in ms, was accepted. If it takes the longer time, the thread that accepted it does not give the CPU back soon. */
const ACCEPTED = 0.002;
const TAKEN = 0.02;
/** The number of waits without polling after that; it doubles each time that this happens again. */
const FEWEST_SLEPT = 8;
const MOST_SLEPT = 1024;

/**
 * Waits for something that often comes within some tens of microseconds. Tries again and again, with turns of the event loop in between,
 * before it sleeps at the doorbell, which costs two system calls and a wake-up. Whether it tries depends on the length of the last waits,
 * with or without a sleep.
 *
 * The other side may be waiting for this very CPU: the system often puts two threads that wake each other on one CPU. So the CPU is offered. If
 * the other side accepts it, both go on by turns, without a sleep. If another thread takes it, a poll only hinders, and the next waits sleep at once.
 * They also sleep at once if the platform cannot offer the CPU: a poll would keep the other side from running.
 */
export class LoopPoll {
  #average = 0;
  /** The last offer of the CPU was accepted. */
  #isShared = false;
  /** The number of waits that still sleep at once because another thread needs the CPU, and that will do so the next time. */
  #sleeps = 0;
  #nextSleeps = FEWEST_SLEPT;

  /** Calls back with the result of `attempt`. `isWorthIt` may forbid polling when it would pay; otherwise `sleep` waits. */
  wait<T>(
    attempt: () => T | NotYet,
    isWorthIt: () => boolean,
    sleep: () => Promise<T>,
    found: (value: T) => void,
  ): void {
    if (this.#sleeps > 0) {
      this.#sleeps--;
      void sleep().then(found);
      return;
    }
    const start = clock();
    const done = (value: T) => {
      this.#average += (Math.min(MOST, clock() - start) - this.#average) * NEWEST;
      found(value);
    };
    const slept = () => void sleep().then(done);
    if (this.#average > WORTH || !isWorthIt()) {
      slept();
      return;
    }
    const end = start + Math.min(LONGEST, this.#average * 2 + 0.05);
    const look = () => {
      // Some tries for each turn of the event loop, which costs as much as ten tries.
      for (let i = 0; i < 8; i++) {
        const value = attempt();
        if (value === NOT_YET) continue;
        if (this.#nextSleeps > FEWEST_SLEPT) this.#nextSleeps /= 2;
        done(value);
        return;
      }
      const before = clock();
      let now = before;
      let isTaken = false;
      if (this.#isShared || now - start > ALONE) {
        isTaken = !platform().yieldCpu();
        now = clock();
        this.#isShared = now - before > ACCEPTED;
      }
      if (isTaken || now - before > TAKEN) {
        const value = attempt();
        if (value !== NOT_YET) {
          done(value);
          return;
        }
        this.#sleeps = this.#nextSleeps;
        this.#nextSleeps = Math.min(this.#nextSleeps * 2, MOST_SLEPT);
        // The length of this wait says nothing about the other side.
        void sleep().then(found);
      } else if (now < end) setImmediate(look);
      else slept();
    };
    setImmediate(look);
  }
}

/** The largest number of polling workers: one CPU is for the owner. */
export const MOST_POLLERS = 8;

/** The words in which workers announce that they poll for tasks. See README.md, "Polling". */
export class Pollers {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #me: number;
  readonly #most = mayPoll() ? Math.min(MOST_POLLERS, os.availableParallelism() - 1) : 0;
  /** The word in which this worker has announced itself, 0 if it has not. */
  #mine = 0;

  constructor(words: Int32Array, at: number, me: number) {
    this.#words = words;
    this.#at = at;
    this.#me = me;
  }

  /** Owner: true if a worker polls. */
  get any(): boolean {
    for (let i = 0; i < this.#most; i++) {
      // SYNC(poll): a worker that is seen here looks once more after it has withdrawn.
      if (Atomics.load(this.#words, this.#at + i) !== 0) return true;
    }
    return false;
  }

  /** Worker: announces that it polls. Returns false if the limit is reached: more would only take CPU time from the others. */
  announce(): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, 0, this.#me) !== 0) continue;
      this.#mine = this.#at + i;
      return true;
    }
    return false;
  }

  /** Worker: stops polling. It must look for a task once more after this. */
  withdraw(): void {
    if (this.#mine === 0) return;
    // SYNC(poll): an owner that still saw this worker has pushed before this. The word may belong to another worker by now.
    Atomics.compareExchange(this.#words, this.#mine, this.#me, 0);
    this.#mine = 0;
  }

  /** Owner: no worker polls in truth; clears all words. */
  clear(): void {
    for (let i = 0; i < this.#most; i++) Atomics.store(this.#words, this.#at + i, 0);
  }

  /** Owner: a worker has died; returns true if it had announced itself. */
  forget(member: number): boolean {
    for (let i = 0; i < this.#most; i++) {
      if (Atomics.compareExchange(this.#words, this.#at + i, member, 0) === member) return true;
    }
    return false;
  }
}
