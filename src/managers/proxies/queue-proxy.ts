import { type AnyQueue, afterPutting, type ShutdownOptions } from '../../contracts/queue.ts';
import { ShutDown } from '../../errors.ts';
import { assertIterable, type WaitOptions } from '../../options.ts';
import { BaseProxy } from '../proxy.ts';

/**
 * A queue that a manager's server holds, for programs on several machines. Between processes of one family a `Queue` does the same
 * many times faster.
 */
export class QueueProxy<T = unknown> extends BaseProxy implements AnyQueue<T> {
  /** Puts an item, waiting for a place; rejects with `Full` when the time is over, or with `ShutDown`. */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.call('put', [item], options) as Promise<void>;
  }

  /** Takes the next item, waiting for one; rejects with `Empty` when the time is over, or with `ShutDown`. */
  get(options?: WaitOptions): Promise<T> {
    return this.call('get', [], options) as Promise<T>;
  }

  /** Rejects with `Full` if there is no place now. */
  putNowait(item: T): Promise<void> {
    return this.call('putNowait', [item]) as Promise<void>;
  }

  /** Rejects with `Empty` if there is no item now. */
  getNowait(): Promise<T> {
    return this.call('getNowait') as Promise<T>;
  }

  /** Puts all items, in one call. If that fails, the error's `done` says how many are in. */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    assertIterable('items', items);
    await this.call('putMany', [listOf(items)], options);
  }

  /** Waits for the first item, then takes what is there: 1 to `max` items, all of them if `max` is `Infinity`. */
  getMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this.call('getMany', [max], options) as Promise<T[]>;
  }

  /** Resolves to the number of items in the queue. */
  qsize(): Promise<number> {
    return this.call('qsize') as Promise<number>;
  }

  /** Resolves to true if there is no item in the queue. */
  empty(): Promise<boolean> {
    return this.call('empty') as Promise<boolean>;
  }

  /** Resolves to true if the queue has a bound and holds as many items. */
  full(): Promise<boolean> {
    return this.call('full') as Promise<boolean>;
  }

  /** Ends the queue for everyone: `put` fails, `get` drains what is in, unless it is `immediate`. */
  shutdown(options?: ShutdownOptions): Promise<void> {
    return this.call('shutdown', [options]) as Promise<void>;
  }

  /** This process is done with it. */
  close(): void {
    this[Symbol.dispose]();
  }

  /** Takes items until the queue is shut down and drained. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof ShutDown) return;
        throw error;
      }
      yield item;
    }
  }
}

/** A queue that a manager's server holds and that knows when all items put are done: consumers call `taskDone`, others `join`. */
export class JoinableQueueProxy<T = unknown> extends QueueProxy<T> {
  /** An item that was taken is done; a `StateError` if there is none. */
  taskDone(): Promise<void> {
    return this.call('taskDone') as Promise<void>;
  }

  /** Waits until every item put is done; a `TimeoutError` when the time is over. */
  join(options?: WaitOptions): Promise<void> {
    return this.call('join', [], options) as Promise<void>;
  }
}

/** All items, drawn before the call: what their iterator throws has put none of them. */
function listOf<T>(items: Iterable<T>): T[] {
  try {
    return [...items];
  } catch (error) {
    throw afterPutting(error, 0, undefined);
  }
}
