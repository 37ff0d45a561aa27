import type { NameOption, SyncWaitOptions, WaitOptions } from '../contracts/options.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { closedError, Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { objectStruct, word } from '../memory/struct.ts';
import { type Attempt, NOT_YET } from '../waits/attempt.ts';
import { soon, YES } from '../waits/loop-turn.ts';
import { WaitList, waitList } from './wait-list.ts';
import { WaitQueue } from './wait-queue.ts';

/** The words of an event. */
export const eventLayout = objectStruct({
  /** Odd while the event is set. Each `set` and each `clear` that changes the state adds 1, by one atomic operation of the calling member. */
  turns: word,
  waiters: waitList,
});
const field = eventLayout.at;

defineKind(kinds.EVENT, {
  make: () => Event,
  destroy: (family, offset) => {
    new WaitList(family, offset + field.waiters * 4).destroy();
  },
});

/**
 * A flag that members of the family set, clear and wait for. `set` wakes all waiters, even if the event is cleared before they run.
 *
 * If each signal is for one waiter only, use a `Semaphore`.
 *
 * @example
 * import { Event, Process } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const ready = new Event();
 * const p = new Process({ target: () => ready.set() });
 * p.start();
 * assert.equal(await ready.wait(), true);
 * ready.clear();
 * assert.equal(await ready.wait({ timeout: 10 }), false);
 */
export class Event extends SharedObject {
  readonly #words: Int32Array;
  readonly #turns: number;
  readonly #waiters: WaitQueue;

  constructor(options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(options?: NameOption | Existing) {
    super(kinds.EVENT, options instanceof Existing ? options : eventLayout.words, options);
    const { family, offset } = locate(this);
    this.#words = family.heap.words(offset);
    this.#turns = wordIndex(offset) + field.turns;
    this.#waiters = new WaitQueue(family, offset + field.waiters * 4, { isReady: () => this.#isSet() });
  }

  /** Returns true if the event is set. All processes see the same state. */
  isSet(): boolean {
    this.assertOpen();
    return this.#isSet();
  }

  /** Sets the event and wakes all waiters. Does nothing if it is set. */
  set(): void {
    needMuchStack();
    this.#turn(0);
    if (this.#waiters.list.hasWaiting) this.#waiters.list.notifyAll();
  }

  /** Clears the event: later calls of `wait` wait. Does nothing if it is clear. */
  clear(): void {
    this.#turn(1);
  }

  /** Waits until the event is set. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    try {
      this.assertOpen();
      if (options === undefined && this.#isSet()) return soon(YES);
      return this.#waiters.wait<boolean>(this.#attempt(), options, notSet);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until the event is set; returns true, or false when the time is over. */
  waitSync(options?: SyncWaitOptions): boolean {
    this.assertOpen();
    if (options === undefined && this.#isSet()) return true;
    return this.#waiters.waitSync<boolean>(this.#attempt(), options, notSet);
  }

  /** Ends the use of the event in this process: its waits reject with a `ClosedError`. */
  override close(): void {
    this.#waiters.close(closedError(this));
    super.close();
  }

  #isSet(): boolean {
    // SYNC(event): sees what was written before it was set.
    return (Atomics.load(this.#words, this.#turns) & 1) === 1;
  }

  /** Succeeds from the next `set` on, even if the event is cleared afterwards. */
  #attempt(): Attempt<boolean> {
    const before = Atomics.load(this.#words, this.#turns);
    return () => ((before & 1) === 1 || Atomics.load(this.#words, this.#turns) !== before ? true : NOT_YET);
  }

  /** Changes to the other state if the lowest bit is `from`. */
  #turn(from: 0 | 1): void {
    this.assertOpen();
    let seen = Atomics.load(this.#words, this.#turns);
    while ((seen & 1) === from) {
      // SYNC(event): a member that sees the event set sees what was written before.
      const found = Atomics.compareExchange(this.#words, this.#turns, seen, (seen + 1) | 0);
      if (found === seen) return;
      seen = found;
    }
  }
}

function notSet(): boolean {
  return false;
}
