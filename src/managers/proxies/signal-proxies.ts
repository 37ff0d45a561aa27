import type { WaitOptions } from '../../contracts/options.ts';
import { BaseProxy } from '../proxy.ts';

/** A flag in a manager's server. */
export class EventProxy extends BaseProxy {
  /** Resolves to true if the flag is set. */
  isSet(): Promise<boolean> {
    return this.call('isSet') as Promise<boolean>;
  }

  /** Sets the flag and wakes all waits. */
  set(): Promise<void> {
    return this.call('set') as Promise<void>;
  }

  /** Clears the flag: later waits wait for the next `set()`. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Waits until the flag is set. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.call('wait', [], options) as Promise<boolean>;
  }
}

/** A barrier in a manager's server. A party that has waited at it once and is killed breaks it. */
export class BarrierProxy extends BaseProxy {
  /**
   * Waits until all parties have come. Resolves to a different index for each party, from 0 on. Rejects with a `BrokenBarrierError` if
   * the barrier is or becomes broken.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.call('wait', [], options) as Promise<number>;
  }

  /** Makes the barrier usable and empty; waits of parties that have come reject with a `BrokenBarrierError`. */
  reset(): Promise<void> {
    return this.call('reset') as Promise<void>;
  }

  /** Breaks the barrier: waits of present and later parties reject with a `BrokenBarrierError` until `reset()` is called. */
  abort(): Promise<void> {
    return this.call('abort') as Promise<void>;
  }

  /** Resolves to the number of parties that pass the barrier together. */
  parties(): Promise<number> {
    return this.call('parties') as Promise<number>;
  }

  /** Resolves to the number of waiting parties. */
  nWaiting(): Promise<number> {
    return this.call('nWaiting') as Promise<number>;
  }

  /** Resolves to true if the barrier is broken. */
  broken(): Promise<boolean> {
    return this.call('broken') as Promise<boolean>;
  }
}
