import type { BaseProxy } from './proxy.ts';

/** What another program of the same cluster needs to have a proxy of the same object. */
export interface Origin {
  readonly namespace: string;
  /** The kind of its proxies. */
  readonly kind: string;
  readonly type: string;
  /** The arguments of the factory, after the object's name or id. */
  readonly args: readonly unknown[];
}

const origins = new WeakMap<BaseProxy, Origin>();

/** Notes of which object a proxy is, so that it can be sent to other programs. */
export function rememberOrigin(proxy: BaseProxy, origin: Origin): void {
  origins.set(proxy, origin);
}

/** Returns of which object a proxy is; undefined for a proxy that came from another process of this program. */
export function originOf(proxy: BaseProxy): Origin | undefined {
  return origins.get(proxy);
}
