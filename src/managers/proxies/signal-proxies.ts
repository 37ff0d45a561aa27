import type { WaitOptions } from '../../options.ts';
import { BaseProxy } from '../proxy.ts';

/** A flag that a manager's server holds. */
export class EventProxy extends BaseProxy {
  /** Resolves to true if the flag is set. */
  isSet(): Promise<boolean> {
    return this.call('isSet') as Promise<boolean>;
  }

  /** Sets the flag, and wakes all who wait for it. */
  set(): Promise<void> {
    return this.call('set') as Promise<void>;
  }

  /** Takes the flag back: who waits from now on waits for the next `set()`. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Waits until the flag is set; resolves to true, or to false when the time is over. */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.call('wait', [], options) as Promise<boolean>;
  }
}

/** A barrier that a manager's server holds. A party that has waited at it once and is killed breaks it. */
export class BarrierProxy extends BaseProxy {
  /** Waits until all parties have come; each gets another number, from 0 on. Rejects with a `BrokenBarrierError`. */
  wait(options?: WaitOptions): Promise<number> {
    return this.call('wait', [], options) as Promise<number>;
  }

  /** Makes the barrier whole and empty; the waits of parties that have come reject with a `BrokenBarrierError`. */
  reset(): Promise<void> {
    return this.call('reset') as Promise<void>;
  }

  /** Breaks the barrier: all waits at it, and all to come, reject with a `BrokenBarrierError` until somebody resets it. */
  abort(): Promise<void> {
    return this.call('abort') as Promise<void>;
  }

  /** Resolves to the number of parties that pass it together. */
  parties(): Promise<number> {
    return this.call('parties') as Promise<number>;
  }

  /** Resolves to the number of parties that have come and wait. */
  nWaiting(): Promise<number> {
    return this.call('nWaiting') as Promise<number>;
  }

  /** Resolves to true if the barrier is broken. */
  broken(): Promise<boolean> {
    return this.call('broken') as Promise<boolean>;
  }
}
