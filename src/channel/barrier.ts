import { isThenable } from '../contracts/awaitable.ts';
import { BrokenBarrierError } from '../contracts/errors.ts';
import { type NameOption, readTimeout, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { field as memberField } from '../memory/members.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { closedError, Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { objectStruct, word, word64 } from '../memory/struct.ts';
import { type Arrival, BarrierRounds, barrierRounds } from '../sync/barrier-rounds.ts';
import { WaitList, waitList } from '../sync/wait-list.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { type Attempt, NOT_YET } from '../waits/attempt.ts';
import { atOnce, inTurns, type Steps, step } from '../waits/steps.ts';
import { dropValue, hasValue, readValue, storeValue } from './stored-value.ts';

const MOST_PARTIES = 2 ** 16;

const layoutFor = (parties: number) =>
  objectStruct({
    /** Granule of the block with the action, 0 if there is none; written once. */
    action: word,
    /** The default time-out in ms as a float64 of two words, Infinity for none; written once. */
    timeout: word64,
    waiters: waitList,
    rounds: barrierRounds(parties),
  });
export const barrierLayout = layoutFor(1);
const field = barrierLayout.at;

defineKind(kinds.BARRIER, {
  make: () => Barrier,
  destroy(family, offset) {
    new WaitList(family, offset + field.waiters * 4).destroy();
    dropValue(family, offset + field.action * 4);
  },
  // A killed member that holds the barrier will not come any more, or is among the parties that have come. A member that ends by itself has
  // finished with the barrier.
  holderDied(family, offset, dead) {
    const rounds = new BarrierRounds(family, offset + field.rounds * 4);
    const { list } = waitersAt(family, offset);
    const isOrderly = family.members.get(dead, memberField.orderly) === 1;
    if (isOrderly && !rounds.isRunBy(dead) && !list.has(dead)) return;
    rounds.break();
    list.notifyAll();
  },
});

/** Options of `new Barrier()`. */
export interface BarrierOptions extends NameOption {
  /**
   * The last party to come runs this function, in whichever process it is, before any party goes on. It may be async unless that party
   * waits with `waitSync`. If it throws, the last party gets the error, and the barrier is broken for the others.
   */
  readonly action?: (() => unknown) | undefined;
  /** The default time-out of `wait`, in milliseconds; `undefined` waits for ever. */
  readonly timeout?: number | undefined;
}

/**
 * Holds parties back until a given number of them have come, then lets all go on, round after round. A party is one call of `wait`, in
 * any process.
 *
 * If a party reaches its time-out, calls `abort()`, or is in a process that is killed or fails, the barrier is broken: all waits reject
 * with a `BrokenBarrierError` until `reset()` is called.
 *
 * @example
 * import { Barrier, Process, Queue } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const ready = new Queue<string>();
 * const barrier = new Barrier(3);
 * const runner = async (name: string) => {
 *   await ready.put(name);
 *   await barrier.wait();
 *   assert.equal(ready.qsize(), 3); // all three are ready before the first runs
 * };
 * const runners = ['a', 'b', 'c'].map((name) => new Process({ target: runner, args: [name] }));
 * for (const p of runners) p.start();
 * for (const p of runners) await p.join();
 * assert.deepEqual(runners.map((p) => p.exitCode), [0, 0, 0]);
 */
export class Barrier extends SharedObject {
  readonly #family: Family;
  readonly #offset: number;
  readonly #rounds: BarrierRounds;
  readonly #waiters: WaitQueue;
  /** The parties of this thread that have come and not gone on yet. */
  readonly #arrivals = new Set<Arrival>();
  #action: (() => unknown) | undefined;

  /** `parties` is the number of waits in a round, from 1 on. */
  constructor(parties: number, options?: BarrierOptions);
  /** @internal */
  constructor(existing: Existing);
  constructor(parties: number | Existing, options?: BarrierOptions) {
    const isNew = !(parties instanceof Existing);
    const timeout = isNew ? readBarrier(parties, options) : 0;
    super(kinds.BARRIER, isNew ? layoutFor(parties).words : parties, options);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#offset = offset;
    this.#rounds = new BarrierRounds(family, offset + field.rounds * 4);
    this.#waiters = waitersAt(family, offset);
    if (!isNew) return;
    this.#rounds.start(parties);
    writeTimeout(family, offset, timeout);
    this.#action = options?.action;
    if (this.#action === undefined) return;
    try {
      storeValue(family, this.#action, 'action', offset + field.action * 4);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The number of waits in a round. */
  get parties(): number {
    this.assertOpen();
    return this.#rounds.parties;
  }

  /** The number of parties that wait now. */
  get nWaiting(): number {
    this.assertOpen();
    return this.#rounds.arrived;
  }

  /** True if the barrier is broken: no party can pass until `reset()` is called. */
  get broken(): boolean {
    this.assertOpen();
    return this.#rounds.isBroken;
  }

  /**
   * Waits until all parties have come. Resolves to the index of this party, unique within the round: 0 to `parties - 1`. The time-out
   * breaks the barrier for all parties. An abort withdraws this party, and the others go on waiting.
   */
  async wait(options?: WaitOptions): Promise<number> {
    this.assertOpen();
    readTimeout(options);
    options?.signal?.throwIfAborted();
    return inTurns(this.#pass(options));
  }

  /**
   * Blocks the thread until all parties have come. Returns the index of this party, unique within the round: 0 to `parties - 1`. Throws a
   * `BrokenBarrierError` if the barrier is or becomes broken.
   */
  waitSync(options?: SyncWaitOptions): number {
    this.assertOpen();
    readTimeout(options);
    return atOnce(this.#pass(options));
  }

  /** Makes the barrier usable and empty; waiting parties get a `BrokenBarrierError`. */
  reset(): void {
    this.assertOpen();
    this.#rounds.reset();
    this.#waiters.list.notifyAll();
  }

  /** Breaks the barrier: waiting and coming parties get a `BrokenBarrierError` until `reset()` is called. */
  abort(): void {
    this.assertOpen();
    this.#break();
  }

  /** Ends the use of the barrier in this process: its waits reject with a `ClosedError`, and their parties count as not come. */
  override close(): void {
    for (const arrival of this.#arrivals) {
      if (arrival.isLast) this.#break();
      else this.#rounds.withdraw(arrival);
    }
    this.#arrivals.clear();
    this.#waiters.close(closedError(this));
    super.close();
  }

  /** Takes a place in the round; returns `undefined` while the round before is not over. */
  #arrive(): Arrival | undefined {
    const arrival = this.#rounds.arrive();
    if (arrival === 'broken') throw new BrokenBarrierError();
    if (arrival === 'full') return undefined;
    this.#arrivals.add(arrival);
    return arrival;
  }

  /** Takes a place in the round and waits for the others; the last party runs the action. */
  *#pass(options: WaitOptions | undefined): Steps<number> {
    const deadline = this.#deadline(options);
    const signal = options?.signal;
    const rest = () => ({ timeout: Math.max(0, deadline - clock()), signal });
    const arrival = this.#arrive() ?? (yield* this.#park(this.#arriving, rest(), this.#late));
    try {
      if (arrival.isLast) {
        yield* this.#act(arrival);
        return this.#complete(arrival);
      }
      const passing = this.#passing(arrival);
      this.assertOpen();
      const index = yield* this.#park<number | undefined>(passing, rest(), () => this.#expire(arrival));
      return index ?? (yield* this.#park(passing, { signal }, this.#late));
    } catch (error) {
      // If the arrival is missing, close() has withdrawn it.
      if (this.#arrivals.has(arrival)) this.#rounds.withdraw(arrival);
      throw error;
    } finally {
      this.#arrivals.delete(arrival);
    }
  }

  #park<T>(attempt: Attempt<T>, options: WaitOptions, expire: () => T): Steps<T> {
    return step(
      () => this.#waiters.wait(attempt, options, expire),
      () => this.#waiters.waitSync(attempt, options, expire),
    );
  }

  /** Runs the action as the last party. */
  *#act(arrival: Arrival): Steps<void> {
    try {
      yield* step<unknown>(
        () => this.#findAction()?.(),
        () => assertSync(this.#findAction()?.()),
      );
    } catch (error) {
      if (this.#arrivals.has(arrival)) this.#break();
      throw error;
    }
    this.assertOpen();
  }

  readonly #arriving = () => this.#arrive() ?? NOT_YET;

  /** Checks whether all parties of the arrival's round have come. */
  #passing(arrival: Arrival): Attempt<number> {
    return () => {
      const outcome = this.#rounds.outcome(arrival);
      if (outcome === 'broken') throw new BrokenBarrierError();
      return outcome === 'waiting' ? NOT_YET : arrival.index;
    };
  }

  #complete(arrival: Arrival): number {
    if (!this.#rounds.complete(arrival)) throw new BrokenBarrierError();
    this.#waiters.list.notifyAll();
    return arrival.index;
  }

  #break(): void {
    this.#rounds.break();
    this.#waiters.list.notifyAll();
  }

  /** Breaks the barrier at the time-out, unless all parties have come and only the action takes long. */
  #expire(arrival: Arrival): undefined {
    if (!this.#rounds.breakRound(arrival)) return undefined;
    this.#waiters.list.notifyAll();
    throw new BrokenBarrierError(
      'The barrier is broken: not all parties came within the time that this one gave them.',
    );
  }

  readonly #late = (): never => {
    this.#break();
    throw new BrokenBarrierError();
  };

  #deadline(options: SyncWaitOptions | undefined): number {
    const own = options?.timeout ?? readDefault(this.#family, this.#offset);
    return clock() + own;
  }

  /** Returns the action that was given in this thread or that was sent with the barrier. */
  #findAction(): (() => unknown) | undefined {
    const place = this.#offset + field.action * 4;
    if (this.#action === undefined && hasValue(this.#family, place)) {
      this.#action = readValue(this.#family, place) as () => unknown;
    }
    return this.#action;
  }
}

/** Throws a `TypeError` if the action of a party that waits with `waitSync` has returned a promise. */
function assertSync(result: unknown): void {
  if (!isThenable(result)) return;
  throw new TypeError('The action of this Barrier is async: its last party must wait with wait(), not waitSync().');
}

function waitersAt(family: Family, offset: number): WaitQueue {
  const waiters: WaitQueue = new WaitQueue(family, offset + field.waiters * 4, {
    isReady: () => false,
    owners: () => waiters.list.others(),
  });
  return waiters;
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

function writeTimeout(family: Family, offset: number, timeout: number): void {
  double[0] = timeout;
  family.heap.words(offset).set(halves, wordIndex(offset) + field.timeout);
}

function readDefault(family: Family, offset: number): number {
  const at = wordIndex(offset) + field.timeout;
  halves.set(family.heap.words(offset).subarray(at, at + 2));
  return double[0] as number;
}

/** Checks the arguments; returns the default time-out in milliseconds. */
function readBarrier(parties: number, options: BarrierOptions | undefined): number {
  if (typeof parties !== 'number') throw new TypeError(`parties must be a number, not ${typeof parties}`);
  if (!Number.isInteger(parties) || parties < 1 || parties > MOST_PARTIES) {
    throw new RangeError(`parties must be a whole number from 1 to ${MOST_PARTIES}, not ${parties}`);
  }
  const timeout = readTimeout(options);
  const action: unknown = options?.action;
  if (action !== undefined && typeof action !== 'function') {
    throw new TypeError(`action must be a function, not ${typeof action}`);
  }
  return timeout;
}
