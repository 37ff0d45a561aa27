import { BaseProxy } from '../proxy.ts';
import { frozen, frozenItems } from './frozen.ts';

/**
 * A `Map` that a manager's server holds. What is read out of it is a copy that cannot be changed; `update` changes a value in one step. Keys
 * are compared as a `Map` does it: take strings, numbers or bigints, since an object arrives as another one each time.
 */
export class DictProxy<K = unknown, V = unknown> extends BaseProxy implements AsyncIterable<[K, V]> {
  async get(key: K): Promise<V | undefined> {
    return frozen((await this.call('get', [key])) as V | undefined);
  }

  set(key: K, value: V): Promise<void> {
    return this.call('set', [key, value]) as Promise<void>;
  }

  has(key: K): Promise<boolean> {
    return this.call('has', [key]) as Promise<boolean>;
  }

  /** True if the key was there. */
  delete(key: K): Promise<boolean> {
    return this.call('delete', [key]) as Promise<boolean>;
  }

  clear(): Promise<void> {
    return this.call('clear') as Promise<void>;
  }

  async keys(): Promise<K[]> {
    return frozenItems((await this.call('keys')) as K[]);
  }

  async values(): Promise<V[]> {
    return frozenItems((await this.call('values')) as V[]);
  }

  async entries(): Promise<[K, V][]> {
    return frozenItems((await this.call('entries')) as [K, V][]);
  }

  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  /** All of it, as a `Map` of the caller's own. */
  copy(): Promise<Map<K, V>> {
    return this.call('copy') as Promise<Map<K, V>>;
  }

  /**
   * Gives `fn` the value and keeps what it answers, in one step: nobody else reads or writes meanwhile. `fn` runs in the server, on
   * a value that it may change in place, and must not be async. Answers the new value.
   */
  async update(key: K, fn: (old: V | undefined) => V): Promise<V> {
    return frozen((await this.call('update', [key, fn])) as V);
  }

  /** The value of the key; if it has none, it gets this one. */
  async setDefault(key: K, value: V): Promise<V> {
    return frozen((await this.call('setDefault', [key, value])) as V);
  }

  /** Takes the key out, and answers its value. */
  pop(key: K): Promise<V | undefined> {
    return this.call('pop', [key]) as Promise<V | undefined>;
  }

  /** Sets many keys in one step. */
  assign(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): Promise<void> {
    const pairs = Symbol.iterator in entries ? [...(entries as Iterable<readonly [K, V]>)] : entries;
    return this.call('assign', [pairs]) as Promise<void>;
  }

  /** Gives the entries that there were at the beginning. */
  async *[Symbol.asyncIterator](): AsyncGenerator<[K, V], void, undefined> {
    yield* await this.entries();
  }
}
