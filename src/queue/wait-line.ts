import { onAbort } from '../waits/on-abort.ts';
import { after } from './timer.ts';
import type { Wait } from './wait.ts';

/** The result of a wait that ended without being served. */
export class Unserved {
  readonly why: 'timeout' | 'shutdown' | 'close';

  constructor(why: Unserved['why']) {
    this.why = why;
  }
}

export const timedOut = new Unserved('timeout');

/** A wait in a line. */
class Waiter<Brings, Gets> {
  /** What the wait brings: for a `put`, the item. */
  readonly brings: Brings;
  readonly resolve: (result: Gets | Unserved) => void;
  readonly reject: (error: unknown) => void;
  previous: Waiter<Brings, Gets> | undefined;
  next: Waiter<Brings, Gets> | undefined;
  stopTimer: (() => void) | undefined;
  stopListening: (() => void) | undefined;

  constructor(brings: Brings, resolve: (result: Gets | Unserved) => void, reject: (error: unknown) => void) {
    this.brings = brings;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/**
 * Waits for the same thing, served first come, first served. A wait that gives up, by time-out or signal, leaves the line in constant
 * time from any place. A wait without a time-out does not keep the program alive, because only this program could end it.
 */
export class WaitLine<Brings, Gets> {
  #first: Waiter<Brings, Gets> | undefined;
  #last: Waiter<Brings, Gets> | undefined;

  /** The wait whose turn it is. */
  get first(): Waiter<Brings, Gets> | undefined {
    return this.#first;
  }

  /** Waits at the end of the line until the waiter is resolved or rejected. An aborted wait rejects with the signal's reason. */
  wait(brings: Brings, { timeout, signal }: Wait): Promise<Gets | Unserved> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter<Brings, Gets>(brings, resolve, reject);
      this.#append(waiter);
      if (timeout !== Number.POSITIVE_INFINITY) {
        waiter.stopTimer = after(timeout, () => {
          this.remove(waiter);
          resolve(timedOut);
        });
      }
      if (signal !== undefined) {
        waiter.stopListening = onAbort(signal, () => {
          this.remove(waiter);
          reject(signal.reason);
        });
      }
    });
  }

  /** Removes a waiter whose wait is over; the caller then resolves or rejects it. */
  remove(waiter: Waiter<Brings, Gets>): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.previous = waiter.next = undefined;
    waiter.stopTimer?.();
    waiter.stopListening?.();
  }

  /** Ends all waits with this result. */
  resolveAll(result: Gets | Unserved): void {
    for (let waiter = this.#first; waiter !== undefined; waiter = this.#first) {
      this.remove(waiter);
      waiter.resolve(result);
    }
  }

  #append(waiter: Waiter<Brings, Gets>): void {
    waiter.previous = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
  }
}
