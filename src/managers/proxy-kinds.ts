import type { BaseProxy } from './proxy.ts';
import type { Reference } from './reference.ts';

/** Makes the proxy of a kind. `companion` is the value of `COMPANION` in the sender. */
export type MakeProxy = (reference: Reference, companion: BaseProxy | undefined) => BaseProxy;

const kinds = new Map<string, MakeProxy>();
let makeOther: MakeProxy;

/** Registers how the proxies for objects of these kinds are made. */
export function registerProxyKinds(made: Readonly<Record<string, MakeProxy>>): void {
  for (const [kind, make] of Object.entries(made)) kinds.set(kind, make);
}

/** A class of proxies. `companion` is the value of `COMPANION` in the sender. */
export type ProxyClass = new (reference: Reference, companion: never) => BaseProxy;

/** Registers the classes of the proxies for objects of these kinds. */
export function registerProxyClasses(types: Readonly<Record<string, { readonly proxy: ProxyClass }>>): void {
  for (const [kind, { proxy: Class }] of Object.entries(types)) {
    kinds.set(kind, (reference, companion) => new Class(reference, companion as never));
  }
}

/** Returns another proxy for the same object, of the class for its kind; `undefined` if there is none. */
export function proxyOfKind(kind: string, reference: Reference): BaseProxy | undefined {
  return kinds.get(kind)?.(reference, undefined);
}

const loaders = new Map<string, () => unknown>();

/** Registers kinds that begin with `family:`; `load` runs when the first of them arrives. */
export function registerLateProxyKinds(family: string, load: () => unknown): void {
  loaders.set(family, load);
}

function makeOfKind(kind: string): MakeProxy | undefined {
  const known = kinds.get(kind);
  if (known !== undefined) return known;
  loaders.get(kind.slice(0, kind.indexOf(':')))?.();
  return kinds.get(kind);
}

/** Registers how the proxies for all other objects are made. */
export function registerOtherProxies(make: MakeProxy): void {
  makeOther = make;
}

/** Forgets collected proxies. */
const collected = new FinalizationRegistry<Reference>(({ link, id }) => {
  if (link.proxies.get(id)?.deref() === undefined) link.forget(id);
});

/** Returns the one proxy of this thread for an object. */
export function makeProxy(reference: Reference, companion?: BaseProxy): BaseProxy {
  const proxy = (makeOfKind(reference.kind) ?? makeOther)(reference, companion);
  reference.link.proxies.set(reference.id, new WeakRef(proxy));
  collected.register(proxy, reference);
  return proxy;
}
