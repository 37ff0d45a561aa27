import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/** The methods that lists and arrays have in common. */
abstract class Indexed<T> extends BaseProxy implements AsyncIterable<DeepReadonly<T>> {
  /** Resolves to a copy of the item at `index` that cannot be changed, or to `undefined` if there is none. A negative index counts from the end. */
  at(index: number): Promise<DeepReadonly<T> | undefined> {
    return frozen(this.call<T>('at', [index]));
  }

  /** Replaces the item at `index`. Rejects with a `RangeError` if there is none. */
  set(index: number, value: T): Promise<void> {
    return this.call('set', [index, value]);
  }

  /**
   * Calls `fn` with the item and stores what it returns, in one step: no other call reads or writes meanwhile. `fn` runs in the server
   * and must not be async. Resolves to the new item.
   */
  update(index: number, fn: (old: T) => T): Promise<DeepReadonly<T>> {
    return frozen(this.call<T>('update', [index, fn]));
  }

  /** Resolves to the items from `start` up to `end`, as `Array.prototype.slice` does. The array may be changed, the items cannot. */
  slice(start?: number, end?: number): Promise<DeepReadonly<T>[]> {
    return frozenItems(this.call<T[]>('slice', [start, end]));
  }

  /**
   * Resolves to the index of the first item equal to `item` from `from` on, or to -1. An object is never found, because it arrives as a
   * different object.
   */
  indexOf(item: T, from?: number): Promise<number> {
    return this.call('indexOf', [item, from]);
  }

  /** Resolves to true if an item is equal to `item`. An object is never found, because it arrives as a different object. */
  includes(item: T): Promise<boolean> {
    return this.call('includes', [item]);
  }

  /** Resolves to the number of items. */
  length(): Promise<number> {
    return this.call('length');
  }

  /** Resolves to all items. The array may be changed, the items cannot. */
  toArray(): Promise<DeepReadonly<T>[]> {
    return frozenItems(this.call<T[]>('toArray'));
  }

  /** Iterates over the items that exist when the loop begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeepReadonly<T>, void, undefined> {
    yield* await this.toArray();
  }
}

/** An array in a manager's server. Items that are read are copies that cannot be changed; `update` changes an item in one step. */
export class ListProxy<T = unknown> extends Indexed<T> {
  /** Adds items at the end; resolves to the new number of items. */
  push(...items: T[]): Promise<number> {
    return this.call('push', items);
  }

  /** Removes the last item and resolves to it, or to `undefined` if there is none. */
  pop(): Promise<T | undefined> {
    return this.call('pop');
  }

  /** Removes the first item and resolves to it, or to `undefined` if there is none. */
  shift(): Promise<T | undefined> {
    return this.call('shift');
  }

  /** Adds items at the beginning; resolves to the new number of items. */
  unshift(...items: T[]): Promise<number> {
    return this.call('unshift', items);
  }

  /** Removes items and inserts others in their place, as `Array.prototype.splice` does; resolves to the removed items. */
  splice(start: number, deleteCount?: number, ...items: T[]): Promise<T[]> {
    const args = deleteCount === undefined && items.length === 0 ? [start] : [start, deleteCount, ...items];
    return this.call('splice', args);
  }

  /** Removes all items. */
  clear(): Promise<void> {
    return this.call('clear');
  }

  /** Sorts the list in the server, as `Array.prototype.sort` does; `compare` runs there. */
  sort(compare?: (a: T, b: T) => number): Promise<void> {
    return this.call('sort', [compare]);
  }

  /** Reverses the order of the items. */
  reverse(): Promise<void> {
    return this.call('reverse');
  }
}

/** A fixed number of items in a manager's server. For fast access to numbers, use a `SharedArray`. */
export class ArrayProxy<T = unknown> extends Indexed<T> {
  /** Replaces the items from `start` up to `end` by `value`, as `Array.prototype.fill` does. */
  fill(value: T, start?: number, end?: number): Promise<void> {
    return this.call('fill', [value, start, end]);
  }
}
