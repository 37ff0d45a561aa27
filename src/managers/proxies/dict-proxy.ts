import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/**
 * A `Map` that a manager's server holds. What is read out of it is a copy that cannot be changed; `update` changes a value in one step. Keys
 * are compared as a `Map` does it: take strings, numbers or bigints, since an object arrives as another one each time.
 */
export class DictProxy<K = unknown, V = unknown>
  extends BaseProxy
  implements AsyncIterable<readonly [DeepReadonly<K>, DeepReadonly<V>]>
{
  /** Resolves to a copy of the key's value that cannot be changed, or to `undefined` where the key is not there. */
  async get(key: K): Promise<DeepReadonly<V> | undefined> {
    return frozen((await this.call('get', [key])) as V);
  }

  /** Gives the key this value. */
  set(key: K, value: V): Promise<void> {
    return this.call('set', [key, value]) as Promise<void>;
  }

  /** Resolves to true if the key is there. */
  has(key: K): Promise<boolean> {
    return this.call('has', [key]) as Promise<boolean>;
  }

  /** Takes the key out; resolves to true if it was there. */
  delete(key: K): Promise<boolean> {
    return this.call('delete', [key]) as Promise<boolean>;
  }

  /** Takes all keys out. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Resolves to all keys, in the order in which they were set first. */
  async keys(): Promise<DeepReadonly<K>[]> {
    return frozenItems((await this.call('keys')) as K[]);
  }

  /** Resolves to all values, in the order of the keys; the array is the caller's, the values cannot be changed. */
  async values(): Promise<DeepReadonly<V>[]> {
    return frozenItems((await this.call('values')) as V[]);
  }

  /** Resolves to all pairs of a key and its value, in the order of the keys; the array is the caller's, the pairs cannot be changed. */
  async entries(): Promise<(readonly [DeepReadonly<K>, DeepReadonly<V>])[]> {
    return frozenItems((await this.call('entries')) as (readonly [K, V])[]);
  }

  /** Resolves to the number of keys. */
  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  /** Resolves to all of it, as a `Map` of the caller's own, which may be changed. */
  copy(): Promise<Map<K, V>> {
    return this.call('copy') as Promise<Map<K, V>>;
  }

  /**
   * Gives `fn` the value and keeps what it answers, in one step: nobody else reads or writes meanwhile. `fn` runs in the server, on
   * a value that it may change in place, and must not be async. Resolves to the new value.
   */
  async update(key: K, fn: (old: V | undefined) => V): Promise<DeepReadonly<V>> {
    return frozen((await this.call('update', [key, fn])) as V);
  }

  /** Resolves to the value of the key; a key that has none gets this one. */
  async setDefault(key: K, value: V): Promise<DeepReadonly<V>> {
    return frozen((await this.call('setDefault', [key, value])) as V);
  }

  /** Takes the key out; resolves to its value, which is the caller's, or to `undefined` where the key was not there. */
  pop(key: K): Promise<V | undefined> {
    return this.call('pop', [key]) as Promise<V | undefined>;
  }

  /** Sets many keys in one step. */
  assign(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void> {
    const pairs = Symbol.iterator in entries ? [...(entries as Iterable<readonly [K, V]>)] : entries;
    return this.call('assign', [pairs]) as Promise<void>;
  }

  /** Goes through the pairs that were there when the loop began. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [DeepReadonly<K>, DeepReadonly<V>], void, undefined> {
    yield* await this.entries();
  }
}
