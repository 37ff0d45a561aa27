import type { WaitOptions } from '../../contracts/options.ts';
import { BaseProxy } from '../proxy.ts';

/** A flag in a manager's server. */
export class EventProxy extends BaseProxy {
  /** Resolves to true if the flag is set. */
  isSet(): Promise<boolean> {
    return this.call('isSet');
  }

  /** Sets the flag and wakes all waits. */
  set(): Promise<void> {
    return this.call('set');
  }

  /** Clears the flag: later waits wait for the next `set()`. */
  clear(): Promise<void> {
    return this.call('clear');
  }

  /** Waits until the flag is set. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.call('wait', [], options);
  }
}

/** A barrier in a manager's server. A party that has waited at it once and is killed breaks it. */
export class BarrierProxy extends BaseProxy {
  /**
   * Waits until all parties have come. Resolves to a different index for each party, from 0 on. Rejects with a `BrokenBarrierError` if
   * the barrier is or becomes broken.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.call('wait', [], options);
  }

  /** Makes the barrier usable and empty; waits of parties that have come reject with a `BrokenBarrierError`. */
  reset(): Promise<void> {
    return this.call('reset');
  }

  /** Breaks the barrier: waits of present and later parties reject with a `BrokenBarrierError` until `reset()` is called. */
  abort(): Promise<void> {
    return this.call('abort');
  }

  /** Resolves to the number of parties that pass the barrier together. */
  parties(): Promise<number> {
    return this.call('parties');
  }

  /** Resolves to the number of waiting parties. */
  nWaiting(): Promise<number> {
    return this.call('nWaiting');
  }

  /** Resolves to true if the barrier is broken. */
  broken(): Promise<boolean> {
    return this.call('broken');
  }
}
