import { ShutDown } from '../../contracts/errors.ts';
import { assertIterable, type WaitOptions } from '../../contracts/options.ts';
import { type AnyQueue, afterPutting, type ShutdownOptions } from '../../contracts/queue.ts';
import { untilEnd } from '../../contracts/until-end.ts';
import { BaseProxy } from '../proxy.ts';

/**
 * A queue in a manager's server, for programs on several machines. Between processes of one family, a `Queue` does the same many times
 * faster.
 */
export class QueueProxy<T = unknown> extends BaseProxy implements AnyQueue<T> {
  /** Waits for a free place and puts an item in. Rejects with `Full` after the time-out, or with `ShutDown`. */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.call('put', [item], options);
  }

  /** Waits for the next item and takes it out. Rejects with `Empty` after the time-out, or with `ShutDown`. */
  get(options?: WaitOptions): Promise<T> {
    return this.call('get', [], options);
  }

  /** Puts an item in without waiting. Rejects with `Full` if there is no room. */
  putNowait(item: T): Promise<void> {
    return this.call('putNowait', [item]);
  }

  /** Takes the next item out without waiting. Rejects with `Empty` if there is none. */
  getNowait(): Promise<T> {
    return this.call('getNowait');
  }

  /** Puts all items in, in one call. If the call fails, `done` of the error is the number of items put in. */
  async putMany(items: Iterable<T>, options?: WaitOptions): Promise<void> {
    assertIterable('items', items);
    await this.call('putMany', [listOf(items)], options);
  }

  /** Waits for the first item, then takes the items that are there, up to `max`. `Infinity` takes all. */
  getMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this.call('getMany', [max], options);
  }

  /** Resolves to the number of items in the queue. */
  qsize(): Promise<number> {
    return this.call('qsize');
  }

  /** Resolves to true if there is no item in the queue. */
  empty(): Promise<boolean> {
    return this.call('empty');
  }

  /** Resolves to true if the queue has a bound and has reached it. */
  full(): Promise<boolean> {
    return this.call('full');
  }

  /**
   * Ends the input for all clients: `put` fails with `ShutDown`, and so does `get` once the queue is empty. `immediate` drops the items
   * in the queue.
   */
  shutdown(options?: ShutdownOptions): Promise<void> {
    return this.call('shutdown', [options]);
  }

  /** Releases the queue in this thread: later calls here reject with a `ClosedError`. May be repeated. */
  close(): void {
    this[Symbol.dispose]();
  }

  /** Iterates over the items until the queue is shut down and empty. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return untilEnd(
      () => this.get(),
      (error) => error instanceof ShutDown,
    );
  }
}

/** A queue in a manager's server that counts finished items: consumers call `taskDone`, and `join` waits until all items are done. */
export class JoinableQueueProxy<T = unknown> extends QueueProxy<T> {
  /** Marks an item that was taken out as done. Rejects with a `StateError` if it is called more often than items were put. */
  taskDone(): Promise<void> {
    return this.call('taskDone');
  }

  /** Waits until every item is done. Rejects with a `TimeoutError` after the time-out. */
  join(options?: WaitOptions): Promise<void> {
    return this.call('join', [], options);
  }
}

/** Reads all items before the call: if their iterator throws, no item was put in. */
function listOf<T>(items: Iterable<T>): T[] {
  try {
    return [...items];
  } catch (error) {
    throw afterPutting(error, 0);
  }
}
