import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen, frozenItems } from './frozen.ts';

/**
 * A `Map` in a manager's server. Values that are read are copies that cannot be changed; `update` changes a value in one step. Keys are
 * compared as in a `Map`: use strings, numbers or bigints, because an object arrives as a different object each time.
 */
export class DictProxy<K = unknown, V = unknown>
  extends BaseProxy
  implements AsyncIterable<readonly [DeepReadonly<K>, DeepReadonly<V>]>
{
  /** Resolves to a copy of the key's value that cannot be changed, or to `undefined` if there is no such key. */
  async get(key: K): Promise<DeepReadonly<V> | undefined> {
    return frozen((await this.call('get', [key])) as V);
  }

  /** Sets the value of the key. */
  set(key: K, value: V): Promise<void> {
    return this.call('set', [key, value]) as Promise<void>;
  }

  /** Resolves to true if the key exists. */
  has(key: K): Promise<boolean> {
    return this.call('has', [key]) as Promise<boolean>;
  }

  /** Removes the key; resolves to true if it existed. */
  delete(key: K): Promise<boolean> {
    return this.call('delete', [key]) as Promise<boolean>;
  }

  /** Removes all keys. */
  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  /** Resolves to all keys, in the order in which they were first set. */
  async keys(): Promise<DeepReadonly<K>[]> {
    return frozenItems((await this.call('keys')) as K[]);
  }

  /** Resolves to all values, in the order of the keys. The array may be changed, the values cannot. */
  async values(): Promise<DeepReadonly<V>[]> {
    return frozenItems((await this.call('values')) as V[]);
  }

  /** Resolves to all pairs of key and value, in the order of the keys. The array may be changed, the pairs cannot. */
  async entries(): Promise<(readonly [DeepReadonly<K>, DeepReadonly<V>])[]> {
    return frozenItems((await this.call('entries')) as (readonly [K, V])[]);
  }

  /** Resolves to the number of keys. */
  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  /** Resolves to a copy of the whole dict, as a `Map` that may be changed. */
  copy(): Promise<Map<K, V>> {
    return this.call('copy') as Promise<Map<K, V>>;
  }

  /**
   * Calls `fn` with the value and stores what it returns, in one step: no other call reads or writes meanwhile. `fn` runs in the server,
   * may change the value in place, and must not be async. Resolves to the new value.
   */
  async update(key: K, fn: (old: V | undefined) => V): Promise<DeepReadonly<V>> {
    return frozen((await this.call('update', [key, fn])) as V);
  }

  /** Resolves to the value of the key. If there is no such key, sets this value first. */
  async setDefault(key: K, value: V): Promise<DeepReadonly<V>> {
    return frozen((await this.call('setDefault', [key, value])) as V);
  }

  /** Removes the key. Resolves to its value, which may be changed, or to `undefined` if there is no such key. */
  pop(key: K): Promise<V | undefined> {
    return this.call('pop', [key]) as Promise<V | undefined>;
  }

  /** Sets many keys in one step. */
  assign(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void> {
    const pairs = Symbol.iterator in entries ? [...(entries as Iterable<readonly [K, V]>)] : entries;
    return this.call('assign', [pairs]) as Promise<void>;
  }

  /** Iterates over the pairs that exist when the loop begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [DeepReadonly<K>, DeepReadonly<V>], void, undefined> {
    yield* await this.entries();
  }
}
