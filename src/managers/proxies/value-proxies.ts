import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen } from './frozen.ts';

/** One value that a manager's server holds. For a number that is to be fast take a `SharedValue`. */
export class ValueProxy<T = unknown> extends BaseProxy {
  /** Resolves to a copy of the value that cannot be changed. */
  async get(): Promise<DeepReadonly<T>> {
    return frozen((await this.call('get')) as T);
  }

  /** Replaces the value. */
  set(value: T): Promise<void> {
    return this.call('set', [value]) as Promise<void>;
  }

  /**
   * Gives `fn` the value and keeps what it returns, in one step: nobody else reads or writes meanwhile. `fn` runs in the server, on a value
   * that it may change in place, and must not be async. Resolves to the new value.
   */
  async update(fn: (old: T) => T): Promise<DeepReadonly<T>> {
    return frozen((await this.call('update', [fn])) as T);
  }
}

/** Values by name that a manager's server holds. Names that begin with `_` are not shared: a `RemoteError`. */
export class NamespaceProxy<N extends object = Record<string, unknown>> extends BaseProxy {
  /** Resolves to a copy of the value of this name that cannot be changed, or to `undefined` where there is none. */
  async get<K extends keyof N & string>(name: K): Promise<DeepReadonly<N[K]> | undefined> {
    return frozen((await this.call('get', [name])) as N[K]);
  }

  /** Gives the name this value. */
  set<K extends keyof N & string>(name: K, value: N[K]): Promise<void> {
    return this.call('set', [name, value]) as Promise<void>;
  }

  /** Resolves to true if the name has a value. */
  has(name: keyof N & string): Promise<boolean> {
    return this.call('has', [name]) as Promise<boolean>;
  }

  /** Takes the name out; resolves to true if it had a value. */
  delete(name: keyof N & string): Promise<boolean> {
    return this.call('delete', [name]) as Promise<boolean>;
  }

  /**
   * Gives `fn` the value of the name and keeps what it returns, in one step: nobody else reads or writes meanwhile. `fn` runs in the
   * server, on a value that it may change in place, and must not be async. Resolves to the new value.
   */
  async update<K extends keyof N & string>(name: K, fn: (old: N[K] | undefined) => N[K]): Promise<DeepReadonly<N[K]>> {
    return frozen((await this.call('update', [name, fn])) as N[K]);
  }

  /** Resolves to all names. */
  keys(): Promise<(keyof N & string)[]> {
    return this.call('keys') as Promise<(keyof N & string)[]>;
  }

  /** Resolves to all of it, as an object of the caller's own, which may be changed. */
  copy(): Promise<Partial<N>> {
    return this.call('copy') as Promise<Partial<N>>;
  }
}
