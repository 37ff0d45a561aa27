import { assertOptions, assertOptionType } from '../contracts/options.ts';
import { randomHex } from '../engine/builtins.ts';
import { holdsPrivateNames } from './private-names.ts';

/** Any class, including abstract ones. */
export type AnyClass<T = unknown> = abstract new (...args: never[]) => T;

/** How instances of one class are sent. */
export class ClassRegistration {
  /** The id of the class, the same in every process that knows the class. */
  id: string;
  readonly cls: AnyClass;
  encode: ((instance: never) => unknown) | undefined;
  decode: ((state: never) => unknown) | undefined;

  constructor(id: string, cls: AnyClass) {
    this.id = id;
    this.cls = cls;
  }
}

/** The options of `registerClass`. */
export interface ClassOptions<T, S> {
  /** Identifies the class if two processes each have their own copy of it and both register it. */
  readonly name?: string | undefined;
  /** Returns a value to send instead of the instance. */
  readonly encode?: ((instance: T) => S) | undefined;
  /** Makes an instance of the value that `encode` has returned, in the receiver. */
  readonly decode?: ((state: S) => T) | undefined;
}

const byClass = new WeakMap<AnyClass, ClassRegistration>();
const byId = new Map<string, ClassRegistration>();

/**
 * Lets instances of `cls` keep their class in other processes. It is enough to register the class in the sender: the class is sent as a
 * function is. Without hooks, an instance arrives with its own enumerable properties, and its constructor does not run. A class with
 * private names (`#x`) needs both hooks; without them `registerClass` throws a `TypeError`. `encode` returns a value to send instead of
 * the instance, `decode` makes an instance of that value in the receiver. `name` identifies the class if two processes each have their
 * own copy of it: give a name if sender and receiver both register the class. Not needed for built-in classes, for errors of this
 * library, and for instances that a function captured.
 *
 * @example
 * ```ts
 * import { Pool, registerClass } from 'multiproc';
 * import assert from 'node:assert';
 *
 * class Point {
 *   x = 3;
 *   y = 4;
 *   length() {
 *     return Math.hypot(this.x, this.y);
 *   }
 * }
 * registerClass(Point);
 *
 * class Money {
 *   readonly #cents: number;
 *   constructor(cents: number) {
 *     this.#cents = cents;
 *   }
 *   cents() {
 *     return this.#cents;
 *   }
 * }
 * registerClass(Money, { encode: (money) => money.cents(), decode: (cents) => new Money(cents) });
 *
 * await using pool = new Pool(1);
 * assert.equal(await pool.apply((point: Point) => point.length(), [new Point()]), 5);
 * const doubled = await pool.apply((money: Money) => new Money(2 * money.cents()), [new Money(21)]);
 * assert.equal(doubled.cents(), 42);
 * ```
 */
export function registerClass<T, S = unknown>(cls: AnyClass<T>, o: ClassOptions<T, S> = {}): void {
  if (typeof cls !== 'function' || typeof cls.prototype !== 'object') {
    throw new TypeError('registerClass takes a class.');
  }
  assertOptions(o, "{ name: 'Point' }");
  assertOptionType('name', o.name, 'string');
  assertOptionType('encode', o.encode, 'function');
  assertOptionType('decode', o.decode, 'function');
  if ((o.encode === undefined || o.decode === undefined) && holdsPrivateNames(cls)) {
    throw new TypeError(
      `${cls.name} has private names, which only its own code can read: give registerClass encode and decode.`,
    );
  }
  const nameId = o.name === undefined ? undefined : `name:${o.name}`;
  const holder = nameId === undefined ? undefined : byId.get(nameId);
  if (holder !== undefined && holder.cls !== cls) {
    throw new TypeError(`Another class is registered as ${JSON.stringify(o.name)}: choose another name.`);
  }
  const registration = byClass.get(cls) ?? add(nameId ?? randomHex(8), cls);
  if (nameId !== undefined) {
    registration.id = nameId;
    byId.set(nameId, registration);
  }
  registration.encode = o.encode;
  registration.decode = o.decode;
}

/** Returns how instances of exactly this class are sent, `undefined` if the class is not registered. */
export function registrationOf(cls: AnyClass): ClassRegistration | undefined {
  return byClass.get(cls);
}

/** Returns the registration of a class that needs one because a function captured an instance. */
export function registerCaptured(cls: AnyClass): ClassRegistration {
  return byClass.get(cls) ?? add(randomHex(8), cls);
}

/** Returns the class that a sender calls `id`, `undefined` if this process does not know it. */
export function registrationById(id: string): ClassRegistration | undefined {
  return byId.get(id);
}

/** Keeps a class that arrived, so that instances that are sent back have the sender's class again. */
export function learnClass(id: string, cls: AnyClass, hooks: Pick<ClassRegistration, 'encode' | 'decode'>) {
  const known = byClass.get(cls);
  if (known !== undefined) {
    byId.set(id, known);
    return known;
  }
  const registration = add(id, cls);
  registration.encode = hooks.encode;
  registration.decode = hooks.decode;
  return registration;
}

function add(id: string, cls: AnyClass): ClassRegistration {
  const registration = new ClassRegistration(id, cls);
  byClass.set(cls, registration);
  byId.set(id, registration);
  return registration;
}
