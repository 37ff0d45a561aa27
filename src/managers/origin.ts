import type { BaseProxy } from './proxy.ts';

/** The data from which another program of the same cluster makes a proxy of the same object. */
export interface Origin {
  readonly namespace: string;
  /** The kind of its proxies. */
  readonly kind: string;
  readonly type: string;
  /** The arguments of the factory, after the object's name or id. */
  readonly args: readonly unknown[];
}

const origins = new WeakMap<BaseProxy, Origin>();

/** Notes the origin of a proxy, so that the proxy can be sent to other programs. */
export function rememberOrigin(proxy: BaseProxy, origin: Origin): void {
  origins.set(proxy, origin);
}

/** Returns the origin of a proxy; `undefined` for a proxy that came from another process of this program. */
export function originOf(proxy: BaseProxy): Origin | undefined {
  return origins.get(proxy);
}
