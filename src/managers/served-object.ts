import { RemoteError } from '../contracts/errors.ts';
import type { Caller } from './caller.ts';

/** An object as a server holds it. */
export interface ServedObject {
  /** The kind of its proxies, and its name in errors. */
  readonly type: string;
  /** Calls one of its methods for a client. Throws a `RemoteError` if clients cannot call such a method. */
  call(method: string, args: unknown[], caller: Caller): unknown;
  /** Called when no proxy of the object exists any more. */
  dispose?(): void;
}

/** The methods of an object for calls of clients. */
// biome-ignore lint/suspicious/noExplicitAny: what a client sends may be anything; each method looks at what it must rely on.
export type ServedMethods = Readonly<Record<string, (caller: Caller, ...args: any[]) => unknown>>;

/** Returns an object that consists of its methods. */
export function serve(type: string, methods: ServedMethods, dispose?: () => void): ServedObject {
  return {
    type,
    call(method, args, caller) {
      if (!Object.hasOwn(methods, method)) throw new RemoteError(`A ${type} has no method ${method}.`);
      return methods[method]!(caller, ...args);
    },
    ...(dispose && { dispose }),
  };
}
