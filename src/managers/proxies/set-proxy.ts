import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/** A `Set` in a manager's server. Values are compared as in a `Set`: an object arrives as a different object each time. */
export class SetProxy<T = unknown> extends BaseProxy implements AsyncIterable<DeepReadonly<T>> {
  /** Adds values; a value that is in the set already changes nothing. */
  add(...values: T[]): Promise<void> {
    return this.call('add', values);
  }

  /** Resolves to true if the value is in the set. */
  has(value: T): Promise<boolean> {
    return this.call('has', [value]);
  }

  /** Removes the value; resolves to true if it was in the set. */
  delete(value: T): Promise<boolean> {
    return this.call('delete', [value]);
  }

  /** Removes all values. */
  clear(): Promise<void> {
    return this.call('clear');
  }

  /** Resolves to all values, in the order in which they were added. The array may be changed, the values cannot. */
  values(): Promise<DeepReadonly<T>[]> {
    return frozenItems(this.call<T[]>('values'));
  }

  /** Resolves to the number of values. */
  size(): Promise<number> {
    return this.call('size');
  }

  /** Resolves to a copy of the whole set, as a `Set` that may be changed. */
  copy(): Promise<Set<T>> {
    return this.call('copy');
  }

  /**
   * Replaces `value` by what `fn` returns, in one step: no other call reads or writes meanwhile. `fn` gets `undefined` if the value is
   * not in the set, runs in the server, and must not be async. Resolves to the new value.
   */
  update(value: T, fn: (old: T | undefined) => T): Promise<DeepReadonly<T>> {
    return frozen(this.call<T>('update', [value, fn]));
  }

  /** Iterates over the values that exist when the loop begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeepReadonly<T>, void, undefined> {
    yield* await this.values();
  }
}
