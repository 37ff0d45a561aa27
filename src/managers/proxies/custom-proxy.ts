import type { AnyFunction } from '../../contracts/executor.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import { ITERATE, KIND } from '../messages.ts';
import { BaseProxy, refer, referenceOf } from '../proxy.ts';
import { proxyOfKind } from '../proxy-kinds.ts';
import type { Reference } from '../reference.ts';

/** The type of a method's result here: a copy, or an async iterator for an iterator. */
type Fetched<R> = R extends AsyncIterator<infer T, unknown, never> | Iterator<infer T, unknown, never>
  ? AsyncIterableIterator<T>
  : R;

/** The type of a proxy of `T`: each method of `T` returns a promise. */
export type Proxied<T> = BaseProxy & {
  readonly [K in keyof T as K extends string ? (T[K] extends AnyFunction ? K : never) : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Fetched<Awaited<R>>>
    : never;
};

/** Stands for an object of a registered type: every method name is one of the object's. */
class CustomProxy extends BaseProxy {
  /** The proxy of the object's built-in kind, once the kind is known; `null` if it has none. */
  #typed: BaseProxy | null | undefined;
  #asking: Promise<BaseProxy | null> | undefined;

  /**
   * Calls a method. If the object is a queue, a dict or another built-in type that a function has returned, calls the method of that
   * type's proxy.
   */
  invoke(name: string | symbol, args: readonly unknown[]): unknown {
    if (this.#typed === undefined) return this.#ask().then(() => this.invoke(name, args));
    const own = this.#typed?.[name as never] as AnyFunction | undefined;
    return typeof own === 'function' ? own.apply(this.#typed, [...args]) : this.request(String(name), args);
  }

  request(method: string, args: readonly unknown[]): Promise<unknown> {
    const last = args.at(-1);
    // A signal stays here: it becomes a message.
    if (isWaitOptions(last)) {
      const { signal, ...options } = last;
      return this.call(method, [...args.slice(0, -1), options], { signal });
    }
    return this.call(method, args);
  }

  async *iterate(): AsyncGenerator<unknown, void, undefined> {
    const typed = (await this.#ask()) as (BaseProxy & AsyncIterable<unknown>) | null;
    if (typed !== null) yield* typed;
    else yield* await this.call<AsyncIterable<unknown>>(ITERATE);
  }

  #ask(): Promise<BaseProxy | null> {
    this.#asking ??= this.call(KIND).then((kind) => {
      this.#typed = proxyOfKind(kind as string, referenceOf(this)) ?? null;
      return this.#typed;
    });
    return this.#asking;
  }
}

/**
 * Returns the proxy of an object whose methods are not known here. If a function has returned the object, the server must be asked first
 * for its kind.
 */
export function customProxy(reference: Reference): BaseProxy {
  const isShared = reference.kind.startsWith('shared:');
  const methods = new Map<string, AnyFunction>();
  const proxy = new Proxy(new CustomProxy(reference), {
    get(target, name) {
      if (name === Symbol.asyncIterator) return () => target.iterate();
      if (name === 'constructor') return target.constructor;
      // Other symbols belong to the library, the engine and Node. With a `then`, the proxy would be taken for a promise.
      if (typeof name === 'symbol') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      if (name === 'then') return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = isShared ? (...args) => target.invoke(name, args) : (...args) => target.request(name, args);
        methods.set(name, method);
      }
      return method;
    },
  });
  refer(proxy, reference);
  return proxy;
}

function isWaitOptions(value: unknown): value is WaitOptions & { signal: AbortSignal } {
  return typeof value === 'object' && value !== null && (value as WaitOptions).signal instanceof AbortSignal;
}
