import { BaseProxy } from '../proxy.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { frozen } from './frozen.ts';

/** One value in a manager's server. For fast access to a number, use a `SharedValue`. */
export class ValueProxy<T = unknown> extends BaseProxy {
  /** Resolves to a copy of the value that cannot be changed. */
  get(): Promise<DeepReadonly<T>> {
    return frozen(this.call<T>('get'));
  }

  /** Replaces the value. */
  set(value: T): Promise<void> {
    return this.call('set', [value]);
  }

  /**
   * Calls `fn` with the value and stores what it returns, in one step: no other call reads or writes meanwhile. `fn` runs in the server,
   * may change the value in place, and must not be async. Resolves to the new value.
   */
  update(fn: (old: T) => T): Promise<DeepReadonly<T>> {
    return frozen(this.call<T>('update', [fn]));
  }
}

/** Named values in a manager's server. Names that begin with `_` are not shared: they reject with a `RemoteError`. */
export class NamespaceProxy<N extends object = Record<string, unknown>> extends BaseProxy {
  /** Resolves to a copy of the value of this name that cannot be changed, or to `undefined` if there is none. */
  get<K extends keyof N & string>(name: K): Promise<DeepReadonly<N[K]> | undefined> {
    return frozen(this.call<N[K]>('get', [name]));
  }

  /** Sets the value of the name. */
  set<K extends keyof N & string>(name: K, value: N[K]): Promise<void> {
    return this.call('set', [name, value]);
  }

  /** Resolves to true if the name has a value. */
  has(name: keyof N & string): Promise<boolean> {
    return this.call('has', [name]);
  }

  /** Removes the name; resolves to true if it had a value. */
  delete(name: keyof N & string): Promise<boolean> {
    return this.call('delete', [name]);
  }

  /**
   * Calls `fn` with the value of the name and stores what it returns, in one step: no other call reads or writes meanwhile. `fn` runs in
   * the server, may change the value in place, and must not be async. Resolves to the new value.
   */
  update<K extends keyof N & string>(name: K, fn: (old: N[K] | undefined) => N[K]): Promise<DeepReadonly<N[K]>> {
    return frozen(this.call<N[K]>('update', [name, fn]));
  }

  /** Resolves to all names. */
  keys(): Promise<(keyof N & string)[]> {
    return this.call('keys');
  }

  /** Resolves to a copy of all names and values, as an object that may be changed. */
  copy(): Promise<Partial<N>> {
    return this.call('copy');
  }
}
