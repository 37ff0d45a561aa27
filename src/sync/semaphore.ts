import { StateError } from '../contracts/errors.ts';
import type { AnyLock } from '../contracts/lock.ts';
import type { NameOption } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { reclaim } from '../memory/reclaim.ts';
import { Existing, locate } from '../memory/shared-object.ts';
import { from, objectStruct } from '../memory/struct.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { Acquirable } from './acquirable.ts';
import { MOST_UNITS, Units, units } from './units.ts';
import { WaitList, waitList } from './wait-list.ts';
import { WaitQueue } from './wait-queue.ts';

/** The words of a semaphore. The table of the units is on a cache line of its own. */
export const semaphoreLayout = objectStruct({ units: from(12, units), waiters: waitList });
const field = semaphoreLayout.at;

/**
 * A number of units that the members of the family take and give back: `acquire` waits until a unit is free. Any member may release, even
 * more often than it acquired; then there are more units.
 *
 * If a member dies that has units, its units become free again, up to the initial number. Units that were used up like messages, as with
 * a semaphore that starts at 0, do not come back. Waiters are served in order of arrival. A running member may overtake a waiter that
 * still has to wake up, until that waiter has waited for a millisecond. If a woken waiter does not come within 20 ms, because it is
 * stopped or has no CPU, the next waiter is woken too.
 *
 * @example
 * import { Process, Semaphore } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const desks = new Semaphore(2);
 * const visit = () => desks.with(() => console.log('at most two are here'));
 * const visitors = [1, 2, 3].map(() => new Process({ target: visit }));
 * for (const p of visitors) p.start();
 * for (const p of visitors) await p.join();
 * assert.equal(desks.getValue(), 2);
 */
export class Semaphore extends Acquirable implements AnyLock {
  readonly #family: Family;
  readonly #units: Units;
  /** @internal */
  protected readonly waiters: WaitQueue;
  readonly #isBounded: boolean;

  /** `value` is the initial number of units, 1 by default. A number below 0 throws a `RangeError`. */
  constructor(value?: number, options?: NameOption);
  /** @internal */
  constructor(value: number | Existing | undefined, options?: NameOption, kind?: number);
  constructor(value: number | Existing = 1, options?: NameOption, kind: number = kinds.SEMAPHORE) {
    const initial = value instanceof Existing ? 0 : readUnits(value);
    super(kind, value instanceof Existing ? value : semaphoreLayout.words, options);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#isBounded = kind === kinds.BOUNDED_SEMAPHORE;
    this.#units = new Units(family, offset + field.units * 4);
    if (!(value instanceof Existing)) this.#units.start(initial);
    this.waiters = new WaitQueue(family, offset + field.waiters * 4, {
      isReady: () => this.#units.free > 0,
      owners: () => this.#units.holders(),
      handOff: {
        request: () => this.#units.reserve(),
        decline: () => this.#declineHandoff(),
        kept: () => (this.#units.free > 0 ? this.#units.keptFor : 0),
        expire: (kept) => this.#units.unreserve(kept),
      },
    });
  }

  /** Gives a unit back. If all units are back already, adds one more. */
  release(): void {
    this.assertOpen();
    if (!this.#units.give(this.#isBounded)) {
      throw this.#isBounded
        ? new StateError('All units of this BoundedSemaphore are free: it was released once too often.')
        : new RangeError(`A Semaphore has at most ${MOST_UNITS} units.`);
    }
    const { reserved } = this.#units;
    if (reserved !== 0) {
      if (this.#family.parker.wake(reserved)) {
        this.waiters.list.remind();
        return;
      }
      this.#units.unreserve(reserved);
    }
    if (this.waiters.list.hasWaiting) this.waiters.list.notify();
  }

  /** Returns the number of free units: exact in every process, at the moment of the call. */
  getValue(): number {
    this.assertOpen();
    return this.#units.free;
  }

  /** Returns true if no unit is free. */
  locked(): boolean {
    return this.getValue() <= 0;
  }

  /** True while a member holds a unit that was taken over from a dead member. */
  get abandoned(): boolean {
    this.assertOpen();
    return this.#units.isAbandoned;
  }

  /** @internal */
  protected readonly attempt = (): true | NotYet => (this.#units.take() ? true : NOT_YET);

  /** Gives up a unit that was kept for this member. */
  #declineHandoff(): void {
    if (this.#units.unreserve(this.#family.me)) this.#passOn();
  }

  #passOn(): void {
    if (this.#units.free > 0 && this.waiters.list.hasWaiting) this.waiters.list.notify();
  }

  /** Makes the last attempt at the time-out: asks the kernel whether the members that have units live. */
  /** @internal */
  protected readonly expire = (): boolean => {
    const { me, members } = this.#family;
    if (this.#units.free > 0 && this.#units.keptFor !== 0) this.waiters.list.remind();
    const dead = this.#units.holders().filter((member) => member !== me && members.isGone(member));
    for (const member of dead) reclaim(this.#family, member);
    return dead.length > 0 && this.#units.take();
  };
}

/**
 * A semaphore that cannot be released more often than it was acquired: such a release throws a `StateError` and changes nothing.
 *
 * @example
 * import { BoundedSemaphore, StateError } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const seats = new BoundedSemaphore(2);
 * seats.acquireSync();
 * seats.release();
 * assert.throws(() => seats.release(), StateError);
 * assert.equal(seats.getValue(), 2);
 */
export class BoundedSemaphore extends Semaphore {
  /** `value` is the initial number of units, 1 by default. A number below 0 throws a `RangeError`. */
  constructor(value?: number, options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(value?: number | Existing, options?: NameOption) {
    super(value, options, kinds.BOUNDED_SEMAPHORE);
  }
}

const destroy = (family: Family, offset: number): void => {
  new Units(family, offset + field.units * 4).destroy();
  new WaitList(family, offset + field.waiters * 4).destroy();
};
defineKind(kinds.SEMAPHORE, { make: () => Semaphore, destroy });
defineKind(kinds.BOUNDED_SEMAPHORE, { make: () => BoundedSemaphore, destroy });

function readUnits(value: number): number {
  if (typeof value !== 'number') throw new TypeError(`value must be a number of units, not ${typeof value}`);
  if (!Number.isInteger(value) || value < 0 || value > MOST_UNITS) {
    throw new RangeError(`value must be a whole number of units from 0 to ${MOST_UNITS}, not ${value}`);
  }
  return value;
}
