import { ClosedError } from './errors.ts';

type State = 'open' | 'closed' | 'terminated' | 'broken';

/** An iteration that has begun: it submits more tasks, also after the pool has been closed. */
export interface Feeder {
  /** Submits all remaining tasks, without a bound: perhaps nobody reads the results any more. */
  hurry(): void;
}

/** Says whether a pool accepts tasks, and if not, why. Its calls, its iterations and its executor share one. */
export class Admission {
  readonly #feeders = new Set<Feeder>();
  readonly #onUnfed: () => void;
  #state: State = 'open';
  /** Why the pool accepts no more tasks, once it is terminated or broken. */
  #ending: unknown;
  #isHurried = false;

  /** `onUnfed` is called when an iteration has ended. */
  constructor(onUnfed: () => void) {
    this.#onUnfed = onUnfed;
  }

  /** Throws unless the pool accepts tasks. An iteration that began before the close may submit. */
  assertOpen(feeder?: Feeder): void {
    if (this.#state === 'open') return;
    if (this.#state === 'closed' && feeder !== undefined && this.#feeders.has(feeder)) return;
    throw this.ending;
  }

  /** Throws if the user has ended the pool. That a pool is broken is no error of the caller. */
  assertNotEnded(): void {
    if (this.#state !== 'broken') this.assertOpen();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** True if all tasks have been ended, because the pool was terminated or is broken. */
  get isOver(): boolean {
    return this.#state === 'terminated' || this.#state === 'broken';
  }

  /** The error that says why the pool accepts no more tasks. That of a closed pool is made for each call, whose stack it shows. */
  get ending(): unknown {
    return this.#state === 'closed' ? new ClosedError('This Pool is closed: it accepts no more tasks.') : this.#ending;
  }

  /** True if the user ended the tasks that reject with this error. */
  isOwnEnd(error: unknown): boolean {
    return this.#state === 'terminated' && error === this.#ending;
  }

  /** Closes the pool; returns false if it was not open. */
  close(): boolean {
    if (this.#state !== 'open') return false;
    this.#state = 'closed';
    return true;
  }

  /** Terminates the pool; returns false if it was terminated before. */
  terminate(): boolean {
    if (this.#state === 'terminated') return false;
    this.#leave(
      'terminated',
      new ClosedError('This Pool was terminated: its tasks were ended, and it accepts no more tasks.'),
    );
    return true;
  }

  /** Breaks the pool because it cannot work; returns false if its tasks have been ended before. */
  break(error: unknown): boolean {
    if (this.isOver) return false;
    this.#leave('broken', error);
    return true;
  }

  /** Reads the error's stack: until then, an error refers to the `this` of each function on the stack, among them the Pool, which could never be collected. */
  #leave(state: State, error: unknown): void {
    if (error instanceof Error) void error.stack;
    this.#state = state;
    this.#ending = error;
  }

  /** True while iterations may submit more tasks. */
  get isFed(): boolean {
    return this.#feeders.size > 0 && !this.isOver;
  }

  /** Announces an iteration: it may submit until it is removed. */
  addFeeder(feeder: Feeder): void {
    this.#feeders.add(feeder);
    if (this.#isHurried) feeder.hurry();
  }

  removeFeeder(feeder: Feeder): void {
    if (this.#feeders.delete(feeder)) this.#onUnfed();
  }

  /** Lifts the bounds of all iterations, also of later ones: the pool waits for its end. */
  hurry(): void {
    this.#isHurried = true;
    for (const feeder of this.#feeders) feeder.hurry();
  }

  get isHurried(): boolean {
    return this.#isHurried;
  }
}
