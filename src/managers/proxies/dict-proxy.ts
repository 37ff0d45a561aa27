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
  get(key: K): Promise<DeepReadonly<V> | undefined> {
    return frozen(this.call<V>('get', [key]));
  }

  /** Sets the value of the key. */
  set(key: K, value: V): Promise<void> {
    return this.call('set', [key, value]);
  }

  /** Resolves to true if the key exists. */
  has(key: K): Promise<boolean> {
    return this.call('has', [key]);
  }

  /** Removes the key; resolves to true if it existed. */
  delete(key: K): Promise<boolean> {
    return this.call('delete', [key]);
  }

  /** Removes all keys. */
  clear(): Promise<void> {
    return this.call('clear');
  }

  /** Resolves to all keys, in the order in which they were first set. */
  keys(): Promise<DeepReadonly<K>[]> {
    return frozenItems(this.call<K[]>('keys'));
  }

  /** Resolves to all values, in the order of the keys. The array may be changed, the values cannot. */
  values(): Promise<DeepReadonly<V>[]> {
    return frozenItems(this.call<V[]>('values'));
  }

  /** Resolves to all pairs of key and value, in the order of the keys. The array may be changed, the pairs cannot. */
  entries(): Promise<(readonly [DeepReadonly<K>, DeepReadonly<V>])[]> {
    return frozenItems(this.call<(readonly [K, V])[]>('entries'));
  }

  /** Resolves to the number of keys. */
  size(): Promise<number> {
    return this.call('size');
  }

  /** Resolves to a copy of the whole dict, as a `Map` that may be changed. */
  copy(): Promise<Map<K, V>> {
    return this.call('copy');
  }

  /**
   * Calls `fn` with the value and stores what it returns, in one step: no other call reads or writes meanwhile. `fn` runs in the server,
   * may change the value in place, and must not be async. Resolves to the new value.
   */
  update(key: K, fn: (old: V | undefined) => V): Promise<DeepReadonly<V>> {
    return frozen(this.call<V>('update', [key, fn]));
  }

  /** Resolves to the value of the key. If there is no such key, sets this value first. */
  setDefault(key: K, value: V): Promise<DeepReadonly<V>> {
    return frozen(this.call<V>('setDefault', [key, value]));
  }

  /** Removes the key. Resolves to its value, which may be changed, or to `undefined` if there is no such key. */
  pop(key: K): Promise<V | undefined> {
    return this.call('pop', [key]);
  }

  /** Sets many keys in one step. */
  assign(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void> {
    const pairs = Symbol.iterator in entries ? [...(entries as Iterable<readonly [K, V]>)] : entries;
    return this.call('assign', [pairs]);
  }

  /** Iterates over the pairs that exist when the loop begins. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [DeepReadonly<K>, DeepReadonly<V>], void, undefined> {
    yield* await this.entries();
  }
}
