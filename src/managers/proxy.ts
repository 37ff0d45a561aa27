import type { WaitOptions } from '../options.ts';
import type { Reference } from './reference.ts';

/** A symbol, as all that a proxy has beyond the methods of its object: those may have any name. */
export const COMPANION = Symbol('companion');

const references = new WeakMap<object, Reference>();

/** Friends of the proxies: what one stands for. */
export function referenceOf(proxy: BaseProxy): Reference {
  return references.get(proxy)!;
}

/** Says that an object stands for what `reference` names; of a proxy that another object stands before. */
export function refer(proxy: object, reference: Reference): void {
  references.set(proxy, reference);
}

/**
 * What stands in this process for an object that a manager's server holds. Each method of that object is one here that answers with a promise.
 * A proxy may be passed anywhere in its family, and through a connection to whoever is connected to the same server.
 *
 * The server keeps an object as long as somebody has a proxy of it: until the proxies are collected, or let go of by leaving a
 * `using` block, or their processes end.
 */
export abstract class BaseProxy implements Disposable {
  /** @internal */
  constructor(reference: Reference) {
    references.set(this, reference);
  }

  /** @internal Another proxy that this one needs where it arrives. */
  get [COMPANION](): BaseProxy | undefined {
    return undefined;
  }

  /** @internal Calls a method of the object. `options` are its last argument, if they have anything for it. */
  protected call(method: string, args: readonly unknown[] = [], options?: WaitOptions): Promise<unknown> {
    return references.get(this)!.call(method, args, options);
  }

  /** @internal A `ClosedError` where the object was let go of. */
  protected assertOpen(): void {
    references.get(this)!.assertOpen();
  }

  /** Lets go of the object in this thread: later calls here reject with a `ClosedError`. */
  [Symbol.dispose](): void {
    references.get(this)!.release();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { name, id } = references.get(this)!;
    return `<${this.constructor.name} of ${name} ${id}>`;
  }
}
