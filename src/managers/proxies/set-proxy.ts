import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/** A `Set` that a manager's server holds. Values are compared as a `Set` does it: an object arrives as another one each time. */
export class SetProxy<T = unknown> extends BaseProxy implements AsyncIterable<DeepReadonly<T>> {
  /** Adds values; one that is there already changes nothing. */
  add(...values: T[]): Promise<void> {
    return this.call('add', values) as Promise<void>;
  }

  /** Resolves to true if the value is in the set. */
  has(value: T): Promise<boolean> {
    return this.call('has', [value]) as Promise<boolean>;
  }

  /** Takes the value out; resolves to true if it was in the set. */
  delete(value: T): Promise<boolean> {
    return this.call('delete', [value]) as Promise<boolean>;
  }

  /** Takes all values out. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Resolves to all values, in the order in which they were added; the array is the caller's, the values cannot be changed. */
  async values(): Promise<DeepReadonly<T>[]> {
    return frozenItems((await this.call('values')) as T[]);
  }

  /** Resolves to the number of values. */
  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  /** Resolves to all of it, as a `Set` of the caller's own, which may be changed. */
  copy(): Promise<Set<T>> {
    return this.call('copy') as Promise<Set<T>>;
  }

  /**
   * Puts what `fn` returns in the place of `value`, in one step: nobody else reads or writes meanwhile. `fn` gets `undefined` if the value
   * is not in the set, runs in the server, and must not be async. Resolves to the new value.
   */
  async update(value: T, fn: (old: T | undefined) => T): Promise<DeepReadonly<T>> {
    return frozen((await this.call('update', [value, fn])) as T);
  }

  /** Goes through the values that were there when the loop began. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeepReadonly<T>, void, undefined> {
    yield* await this.values();
  }
}
