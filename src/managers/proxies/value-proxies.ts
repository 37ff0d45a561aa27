import { BaseProxy } from '../proxy.ts';
import { frozen } from './frozen.ts';

/** One value that a manager's server holds. For a number that is to be fast take a `SharedValue`. */
export class ValueProxy<T = unknown> extends BaseProxy {
  async get(): Promise<T> {
    return frozen((await this.call('get')) as T);
  }

  set(value: T): Promise<void> {
    return this.call('set', [value]) as Promise<void>;
  }

  /** Gives `fn` the value and keeps what it answers, in one step, in the server; `fn` must not be async. Answers the new value. */
  async update(fn: (old: T) => T): Promise<T> {
    return frozen((await this.call('update', [fn])) as T);
  }
}

/** Values by name that a manager's server holds. Names that begin with `_` are not shared: a `RemoteError`. */
export class NamespaceProxy<N extends object = Record<string, unknown>> extends BaseProxy {
  async get<K extends keyof N & string>(name: K): Promise<N[K] | undefined> {
    return frozen((await this.call('get', [name])) as N[K] | undefined);
  }

  set<K extends keyof N & string>(name: K, value: N[K]): Promise<void> {
    return this.call('set', [name, value]) as Promise<void>;
  }

  has(name: keyof N & string): Promise<boolean> {
    return this.call('has', [name]) as Promise<boolean>;
  }

  /** True if the name was there. */
  delete(name: keyof N & string): Promise<boolean> {
    return this.call('delete', [name]) as Promise<boolean>;
  }

  /** Gives `fn` the value and keeps what it answers, in one step, in the server; `fn` must not be async. Answers the new value. */
  async update<K extends keyof N & string>(name: K, fn: (old: N[K] | undefined) => N[K]): Promise<N[K]> {
    return frozen((await this.call('update', [name, fn])) as N[K]);
  }

  keys(): Promise<(keyof N & string)[]> {
    return this.call('keys') as Promise<(keyof N & string)[]>;
  }

  /** All of it, as an object of the caller's own. */
  copy(): Promise<Partial<N>> {
    return this.call('copy') as Promise<Partial<N>>;
  }
}
