import { BaseProxy } from '../proxy.ts';
import { frozen, frozenItems } from './frozen.ts';

/** A `Set` that a manager's server holds. Values are compared as a `Set` does it: an object arrives as another one each time. */
export class SetProxy<T = unknown> extends BaseProxy implements AsyncIterable<T> {
  add(...values: T[]): Promise<void> {
    return this.call('add', values) as Promise<void>;
  }

  has(value: T): Promise<boolean> {
    return this.call('has', [value]) as Promise<boolean>;
  }

  /** True if it was in. */
  delete(value: T): Promise<boolean> {
    return this.call('delete', [value]) as Promise<boolean>;
  }

  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  async values(): Promise<T[]> {
    return frozenItems((await this.call('values')) as T[]);
  }

  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  /** All of it, as a `Set` of the caller's own. */
  copy(): Promise<Set<T>> {
    return this.call('copy') as Promise<Set<T>>;
  }

  /** Puts what `fn` answers in the place of `value`, in one step; `fn` gets `undefined` if that is not in. Answers the new value. */
  async update(value: T, fn: (old: T | undefined) => T): Promise<T> {
    return frozen((await this.call('update', [value, fn])) as T);
  }

  /** Gives the values that there were at the beginning. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    yield* await this.values();
  }
}
