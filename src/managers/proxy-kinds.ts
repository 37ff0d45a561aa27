import type { BaseProxy } from './proxy.ts';
import type { Reference } from './reference.ts';

/** Makes the proxy of a kind; `companion` is what it had as its `COMPANION` where it came from. */
export type MakeProxy = (reference: Reference, companion: BaseProxy | undefined) => BaseProxy;

const kinds = new Map<string, MakeProxy>();
let makeOther: MakeProxy;

/** Says what stands for objects of this kind. */
export function registerProxyKind(kind: string, make: MakeProxy): void {
  kinds.set(kind, make);
}

/** Another proxy for the same object, of the class that its kind has; `undefined` where there is none. */
export function proxyOfKind(kind: string, reference: Reference): BaseProxy | undefined {
  return kinds.get(kind)?.(reference, undefined);
}

/** Says what stands for all other objects. */
export function registerOtherProxies(make: MakeProxy): void {
  makeOther = make;
}

/** Forgets proxies that were collected. */
const collected = new FinalizationRegistry<Reference>(({ link, id }) => {
  if (link.proxies.get(id)?.deref() === undefined) link.forget(id);
});

/** The one proxy of this thread for an object. */
export function makeProxy(reference: Reference, companion?: BaseProxy): BaseProxy {
  const proxy = (kinds.get(reference.kind) ?? makeOther)(reference, companion);
  reference.link.proxies.set(reference.id, new WeakRef(proxy));
  collected.register(proxy, reference);
  return proxy;
}
