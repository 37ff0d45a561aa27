import { RemoteError } from '../contracts/errors.ts';
import { types } from '../engine/builtins.ts';
import { ByReference } from './by-reference.ts';
import type { Caller } from './caller.ts';
import { ITERATE } from './messages.ts';
import { ServedIterator } from './served/served-iterator.ts';
import type { ServedObject } from './served-object.ts';

/** An object of a class that users have registered, with the methods that clients may call. */
export class CustomObject implements ServedObject {
  readonly type: string;
  readonly #object: object;
  readonly #exposed: ReadonlySet<string> | undefined;
  readonly #isOurs: boolean;

  /** `isOurs` is true if the object was made for this and ends with it. */
  constructor(type: string, object: object, exposed: readonly string[] | undefined, isOurs: boolean) {
    this.type = type;
    this.#object = object;
    this.#exposed = exposed && new Set(exposed);
    this.#isOurs = isOurs;
  }

  call(method: string, args: unknown[], _caller: Caller): unknown {
    if (method === ITERATE) return new ByReference(new ServedIterator(this.#iterator()));
    const result = Reflect.apply(this.#method(method), this.#object, args);
    return types.isPromise(result) ? result.then(referenceTo) : referenceTo(result);
  }

  dispose(): void {
    if (!this.#isOurs) return;
    const { [Symbol.dispose]: dispose } = this.#object as Partial<Disposable>;
    if (typeof dispose === 'function') Reflect.apply(dispose, this.#object, []);
  }

  #iterator(): AsyncIterator<unknown> | Iterator<unknown> {
    const object = this.#object as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
    const iterator = object[Symbol.asyncIterator]?.() ?? object[Symbol.iterator]?.();
    if (iterator !== undefined) return iterator;
    throw new RemoteError(`${this.type} cannot be iterated: the object in the server is not iterable.`);
  }

  #method(name: string): (...args: unknown[]) => unknown {
    const isPublic = this.#exposed === undefined ? !name.startsWith('_') : this.#exposed.has(name);
    const value =
      isPublic && !isBasic(name, this.#object) ? (this.#object as Record<string, unknown>)[name] : undefined;
    if (typeof value === 'function') return value as (...args: unknown[]) => unknown;
    const reason =
      value === undefined ? 'has no method of that name, or does not expose it' : 'has that, but not as a method';
    throw new RemoteError(`${this.type}.${name} cannot be called: the object in the server ${reason}.`);
  }
}

/** True for properties that every object has. */
function isBasic(name: string, object: object): boolean {
  if (name === 'constructor') return true;
  return name in Object.prototype && (object as never)[name] === Object.prototype[name as never];
}

/** An iterator cannot be copied: the client gets a proxy of it. */
function referenceTo(value: unknown): unknown {
  const iterator = value as Partial<AsyncIterator<unknown> & Iterable<unknown> & AsyncIterable<unknown>> | null;
  if (typeof iterator !== 'object' || iterator === null || typeof iterator.next !== 'function') return value;
  return new ByReference(new ServedIterator(iterator as AsyncIterator<unknown>));
}
