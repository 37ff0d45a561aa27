import { BaseProxy } from '../proxy.ts';
import { frozen, frozenItems } from './frozen.ts';

/** What lists and arrays have in common. */
abstract class Indexed<T> extends BaseProxy implements AsyncIterable<T> {
  /** The item at `index`, from the end if that is negative; `undefined` where there is none. */
  async at(index: number): Promise<T | undefined> {
    return frozen((await this.call('at', [index])) as T | undefined);
  }

  /** Replaces an item; a `RangeError` where there is none. */
  set(index: number, value: T): Promise<void> {
    return this.call('set', [index, value]) as Promise<void>;
  }

  /**
   * Gives `fn` the item and keeps what it answers, in one step: nobody else reads or writes meanwhile. `fn` runs in the server and must
   * not be async. Answers the new item.
   */
  async update(index: number, fn: (old: T) => T): Promise<T> {
    return frozen((await this.call('update', [index, fn])) as T);
  }

  async slice(start?: number, end?: number): Promise<T[]> {
    return frozenItems((await this.call('slice', [start, end])) as T[]);
  }

  indexOf(item: T, from?: number): Promise<number> {
    return this.call('indexOf', [item, from]) as Promise<number>;
  }

  includes(item: T): Promise<boolean> {
    return this.call('includes', [item]) as Promise<boolean>;
  }

  length(): Promise<number> {
    return this.call('length') as Promise<number>;
  }

  /** All items, in an array of the caller's own. */
  async toArray(): Promise<T[]> {
    return frozenItems((await this.call('toArray')) as T[]);
  }

  /** Gives the items that there were at the beginning. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* await this.toArray();
  }
}

/** An array that a manager's server holds. What is read out of it is a copy that cannot be changed; `update` changes an item in one step. */
export class ListProxy<T = unknown> extends Indexed<T> {
  /** Adds items at the end; answers how many there are then. */
  push(...items: T[]): Promise<number> {
    return this.call('push', items) as Promise<number>;
  }

  pop(): Promise<T | undefined> {
    return this.call('pop') as Promise<T | undefined>;
  }

  shift(): Promise<T | undefined> {
    return this.call('shift') as Promise<T | undefined>;
  }

  unshift(...items: T[]): Promise<number> {
    return this.call('unshift', items) as Promise<number>;
  }

  splice(start: number, deleteCount?: number, ...items: T[]): Promise<T[]> {
    const args = deleteCount === undefined && items.length === 0 ? [start] : [start, deleteCount, ...items];
    return this.call('splice', args) as Promise<T[]>;
  }

  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Sorts it in the server, as `Array.prototype.sort`. */
  sort(compare?: (a: T, b: T) => number): Promise<void> {
    return this.call('sort', [compare]) as Promise<void>;
  }

  reverse(): Promise<void> {
    return this.call('reverse') as Promise<void>;
  }
}

/** Items that a manager's server holds, whose number does not change. For numbers that are to be fast take a `SharedArray`. */
export class ArrayProxy<T = unknown> extends Indexed<T> {
  fill(value: T, start?: number, end?: number): Promise<void> {
    return this.call('fill', [value, start, end]) as Promise<void>;
  }
}
