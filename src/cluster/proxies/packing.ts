import { type Reach, reach } from '../../codec/extension.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { BaseProxy } from '../../managers/proxy.ts';
import type { MakeProxy } from '../../managers/proxy-kinds.ts';
import type { Reference } from '../../managers/reference.ts';

/** Calls a method of the object in the gateway. */
export type Call = <R>(method: string, args?: readonly unknown[], options?: WaitOptions) => Promise<R>;

/** Calls a method with values that are packed in this process. `far` says who may have written the values that are read: programs with the key, or any program. */
export type CallPacked = (
  call: Call,
  far: Reach,
  method: string,
  args: readonly unknown[],
  options: WaitOptions | undefined,
) => Promise<unknown>;

type PackingClass<Proxy> = new (reference: Reference, far: Reach) => Proxy;

/** Returns a class of proxies as `Base` whose calls go through `callPacked`. */
export function packing<Proxy extends BaseProxy>(
  Base: new (reference: Reference) => Proxy,
  callPacked: CallPacked,
): PackingClass<Proxy> {
  class Packing extends (Base as new (reference: Reference) => BaseProxy) {
    readonly #far: Reach;

    constructor(reference: Reference, far: Reach) {
      super(reference);
      this.#far = far;
    }

    protected override call<R>(method: string, args: readonly unknown[] = [], options?: WaitOptions): Promise<R> {
      return callPacked((...rest) => super.call(...rest), this.#far, method, args, options) as Promise<R>;
    }
  }
  return Packing as unknown as PackingClass<Proxy>;
}

/** Returns functions that make the proxies of these types. Proxies of a cluster without a key may read only plain data. */
export function packedKinds(classes: Readonly<Record<string, PackingClass<BaseProxy>>>): Record<string, MakeProxy> {
  const made = Object.entries(classes).flatMap(([type, Class]): [string, MakeProxy][] => [
    [`cluster:${type}`, (reference) => new Class(reference, reach.TRUSTED)],
    [`cluster-open:${type}`, (reference) => new Class(reference, reach.ANYBODY)],
  ]);
  return Object.fromEntries(made);
}
