import type { WaitOptions } from '../contracts/options.ts';
import type { Reference } from './reference.ts';

/** A symbol, as all properties of a proxy besides the methods of its object are, because the methods may have any name. */
export const COMPANION = Symbol('companion');

const references = new WeakMap<object, Reference>();

/** A friend of the proxies: returns the reference of a proxy. */
export function referenceOf(proxy: BaseProxy): Reference {
  return references.get(proxy)!;
}

/** Declares that an object stands for what `reference` names; for a proxy with another object in front of it. */
export function refer(proxy: object, reference: Reference): void {
  references.set(proxy, reference);
}

/**
 * Stands in this process for an object of a manager's server. Each method of the object is a method of the proxy that returns a promise.
 * A proxy can be sent anywhere in its family, and through a connection to any program that is connected to the same server.
 *
 * The server keeps an object as long as a proxy of it exists. A proxy ends when it is collected, when its `using` block is left, or when
 * its process ends.
 */
export abstract class BaseProxy implements Disposable {
  /** @internal */
  constructor(reference: Reference) {
    references.set(this, reference);
  }

  /** @internal Another proxy that the receiver of this one needs. */
  get [COMPANION](): BaseProxy | undefined {
    return undefined;
  }

  /** @internal Calls a method of the object, which returns an `R`. `options` are its last argument if they contain anything for the server. */
  protected call<R>(method: string, args: readonly unknown[] = [], options?: WaitOptions): Promise<R> {
    return references.get(this)!.call(method, args, options) as Promise<R>;
  }

  /** @internal Throws a `ClosedError` if the object was released. */
  protected assertOpen(): void {
    references.get(this)!.assertOpen();
  }

  /** Releases the object in this thread: later calls here reject with a `ClosedError`. */
  [Symbol.dispose](): void {
    references.get(this)!.release();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { name, id } = references.get(this)!;
    return `<${this.constructor.name} of ${name} ${id}>`;
  }
}
