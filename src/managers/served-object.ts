import { RemoteError } from '../errors.ts';
import type { Caller } from './caller.ts';

/** An object as a server holds it. */
export interface ServedObject {
  /** Which class of proxies it has, and how errors name it. */
  readonly type: string;
  /** Calls one of its methods for a client; a `RemoteError` for what is no method that clients may call. */
  call(method: string, args: unknown[], caller: Caller): unknown;
  /** Nobody has a proxy of it any more. */
  dispose?(): void;
}

/** What an object does when a client calls its method. */
// biome-ignore lint/suspicious/noExplicitAny: what a client sends may be anything; each method looks at what it must rely on.
export type ServedMethods = Readonly<Record<string, (caller: Caller, ...args: any[]) => unknown>>;

/** An object that is its methods. */
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
