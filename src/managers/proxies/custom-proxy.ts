import type { WaitOptions } from '../../options.ts';
import { ITERATE, KIND } from '../messages.ts';
import { BaseProxy, refer, referenceOf } from '../proxy.ts';
import { proxyOfKind } from '../proxy-kinds.ts';
import type { Reference } from '../reference.ts';

/** What a method's answer is here: a copy, or of what is gone through step by step an iterator. */
type Fetched<R> = R extends AsyncIterator<infer T, unknown, never> | Iterator<infer T, unknown, never>
  ? AsyncIterableIterator<T>
  : R;
// biome-ignore lint/suspicious/noExplicitAny: any method, whatever it takes.
type AnyMethod = (...args: any[]) => unknown;

/** A class as it is seen from afar: its methods, each answering with a promise. */
export type Proxied<T> = BaseProxy & {
  readonly [K in keyof T as K extends string ? (T[K] extends AnyMethod ? K : never) : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Fetched<Awaited<R>>>
    : never;
};

/** Stands for an object of a registered type: whatever method is asked for is one of the object. */
class CustomProxy extends BaseProxy {
  /** The proxy of a kind that there is a class for, once it is known; `null` if the object is of none. */
  #typed: BaseProxy | null | undefined;
  #asking: Promise<BaseProxy | null> | undefined;

  /** Calls a method: of the proxy's own where the object is a queue, a dict and so on, that a function has shared. */
  invoke(name: string | symbol, args: readonly unknown[]): unknown {
    if (this.#typed === undefined) return this.#ask().then(() => this.invoke(name, args));
    const own = this.#typed?.[name as never] as AnyMethod | undefined;
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
    else yield* (await this.call(ITERATE)) as AsyncIterable<unknown>;
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
 * The proxy of an object whose methods are not known here. Of one that a function has shared, and not a class has made, the server
 * must be asked first of what kind it is.
 */
export function customProxy(reference: Reference): BaseProxy {
  const isShared = reference.kind.startsWith('shared:');
  const methods = new Map<string, AnyMethod>();
  const proxy = new Proxy(new CustomProxy(reference), {
    get(target, name) {
      if (name === Symbol.asyncIterator) return () => target.iterate();
      if (name === 'constructor') return target.constructor;
      // Other symbols are ours, the engine's and Node's; with `then` it would be taken for a promise.
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
