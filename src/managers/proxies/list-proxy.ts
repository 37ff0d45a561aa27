import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/** What lists and arrays have in common. */
abstract class Indexed<T> extends BaseProxy implements AsyncIterable<DeepReadonly<T>> {
  /** Resolves to a copy of the item at `index` that cannot be changed, from the end if that is negative; to `undefined` where there is none. */
  async at(index: number): Promise<DeepReadonly<T> | undefined> {
    return frozen((await this.call('at', [index])) as T);
  }

  /** Replaces the item at `index`; rejects with a `RangeError` where there is none. */
  set(index: number, value: T): Promise<void> {
    return this.call('set', [index, value]) as Promise<void>;
  }

  /**
   * Gives `fn` the item and keeps what it answers, in one step: nobody else reads or writes meanwhile. `fn` runs in the server and must
   * not be async. Resolves to the new item.
   */
  async update(index: number, fn: (old: T) => T): Promise<DeepReadonly<T>> {
    return frozen((await this.call('update', [index, fn])) as T);
  }

  /** Resolves to the items from `start` up to `end`, as `Array.prototype.slice`; the array is the caller's, the items cannot be changed. */
  async slice(start?: number, end?: number): Promise<DeepReadonly<T>[]> {
    return frozenItems((await this.call('slice', [start, end])) as T[]);
  }

  /** Resolves to the index of the first such item from `from` on, -1 where there is none. An object is never found: it arrives as another one. */
  indexOf(item: T, from?: number): Promise<number> {
    return this.call('indexOf', [item, from]) as Promise<number>;
  }

  /** Resolves to true if there is such an item. An object is never found: it arrives as another one. */
  includes(item: T): Promise<boolean> {
    return this.call('includes', [item]) as Promise<boolean>;
  }

  /** Resolves to the number of items. */
  length(): Promise<number> {
    return this.call('length') as Promise<number>;
  }

  /** Resolves to all items; the array is the caller's, the items cannot be changed. */
  async toArray(): Promise<DeepReadonly<T>[]> {
    return frozenItems((await this.call('toArray')) as T[]);
  }

  /** Goes through the items that were there when the loop began. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeepReadonly<T>, void, undefined> {
    yield* await this.toArray();
  }
}

/** An array that a manager's server holds. What is read out of it is a copy that cannot be changed; `update` changes an item in one step. */
export class ListProxy<T = unknown> extends Indexed<T> {
  /** Adds items at the end; resolves to the number of items then. */
  push(...items: T[]): Promise<number> {
    return this.call('push', items) as Promise<number>;
  }

  /** Takes the last item out and resolves to it; to `undefined` where there is none. */
  pop(): Promise<T | undefined> {
    return this.call('pop') as Promise<T | undefined>;
  }

  /** Takes the first item out and resolves to it; to `undefined` where there is none. */
  shift(): Promise<T | undefined> {
    return this.call('shift') as Promise<T | undefined>;
  }

  /** Adds items at the beginning; resolves to the number of items then. */
  unshift(...items: T[]): Promise<number> {
    return this.call('unshift', items) as Promise<number>;
  }

  /** Takes items out and puts others in their place, as `Array.prototype.splice`; resolves to those that it took out. */
  splice(start: number, deleteCount?: number, ...items: T[]): Promise<T[]> {
    const args = deleteCount === undefined && items.length === 0 ? [start] : [start, deleteCount, ...items];
    return this.call('splice', args) as Promise<T[]>;
  }

  /** Takes all items out. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Sorts the list in the server, as `Array.prototype.sort`; `compare` runs there. */
  sort(compare?: (a: T, b: T) => number): Promise<void> {
    return this.call('sort', [compare]) as Promise<void>;
  }

  /** Reverses the order of the items. */
  reverse(): Promise<void> {
    return this.call('reverse') as Promise<void>;
  }
}

/** Items that a manager's server holds, whose number does not change. For numbers that are to be fast take a `SharedArray`. */
export class ArrayProxy<T = unknown> extends Indexed<T> {
  /** Replaces the items from `start` up to `end` by `value`, as `Array.prototype.fill`. */
  fill(value: T, start?: number, end?: number): Promise<void> {
    return this.call('fill', [value, start, end]) as Promise<void>;
  }
}
