import type { WaitOptions } from '../../options.ts';
import { BaseProxy, refer } from '../proxy.ts';
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

/** Stands for an object of a registered class: whatever method is asked for is one of the object. */
class CustomProxy extends BaseProxy {
  /** @internal */
  request(method: string, args: readonly unknown[]): Promise<unknown> {
    const last = args.at(-1);
    // A signal stays here: it becomes a message.
    if (isWaitOptions(last)) {
      const { signal, ...options } = last;
      return this.call(method, [...args.slice(0, -1), options], { signal });
    }
    return this.call(method, args);
  }
}

/** The proxy of an object whose methods are not known here. */
export function customProxy(reference: Reference): BaseProxy {
  const methods = new Map<string, AnyMethod>();
  const proxy = new Proxy(new CustomProxy(reference), {
    get(target, name) {
      // Symbols are the engine's and Node's; with `then` it would be taken for a promise.
      if (typeof name === 'symbol' || name in target) {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
      }
      if (name === 'then') return undefined;
      let method = methods.get(name);
      if (method === undefined) methods.set(name, (method = (...args) => target.request(name, args)));
      return method;
    },
  });
  refer(proxy, reference);
  return proxy;
}

function isWaitOptions(value: unknown): value is WaitOptions & { signal: AbortSignal } {
  return typeof value === 'object' && value !== null && (value as WaitOptions).signal instanceof AbortSignal;
}
