import type { WaitOptions } from '../../options.ts';
import { BaseProxy } from '../proxy.ts';

/** A flag that a manager's server holds. */
export class EventProxy extends BaseProxy {
  isSet(): Promise<boolean> {
    return this.call('isSet') as Promise<boolean>;
  }

  set(): Promise<void> {
    return this.call('set') as Promise<void>;
  }

  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Waits until it is set; false when the time is over. */
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

  /** Makes it whole and empty; those who wait get a `BrokenBarrierError`. */
  reset(): Promise<void> {
    return this.call('reset') as Promise<void>;
  }

  /** Breaks it. */
  abort(): Promise<void> {
    return this.call('abort') as Promise<void>;
  }

  parties(): Promise<number> {
    return this.call('parties') as Promise<number>;
  }

  nWaiting(): Promise<number> {
    return this.call('nWaiting') as Promise<number>;
  }

  broken(): Promise<boolean> {
    return this.call('broken') as Promise<boolean>;
  }
}
