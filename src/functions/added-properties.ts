/** Sends the properties that a program added to a function or class after making it: own properties, prototype members, prototype chains. */

import { isSharedObject, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { types } from '../engine/builtins.ts';
import type { AnyFunction } from './any-function.ts';
import type { FunctionImage } from './function-image.ts';
import { isOpening, privateStaticsOf, setPrivateStatic } from './private-statics.ts';
import { ownIntrinsic } from './realms.ts';
import { Refusal } from './refusal.ts';
import { spellSymbol, symbolFor } from './sent-symbol.ts';

const WRITABLE = 1;
const ENUMERABLE = 2;
const CONFIGURABLE = 4;
const ACCESSOR = 8;
const ON_PROTOTYPE = 16;

/** What the spelling of a private static field begins with; of other keys, `.`, `#` or `@`. */
const PRIVATE = '!';
/** The largest number of members of a static field among which a shared object is looked for. */
const MOST_LOOKED_AT = 10_000;

/** What a chain was set to: nothing special, the `prototype` of a class, or an object. */
const USUAL = 0;
const OF_CLASS = 1;
const OBJECT = 2;

interface Added {
  readonly key: string | symbol;
  readonly descriptor: PropertyDescriptor;
  readonly onPrototype: boolean;
}

/** Writes the properties that making the function again would not bring back. `statics` are fields that it does bring back if they cannot be sent. */
export function writeAdded(fn: AnyFunction, { isClass, statics, hasPrivates }: FunctionImage, out: ValueWriter): void {
  const prototype = prototypeOf(fn);
  const write = (added: Added) => {
    const { key, descriptor } = added;
    if (!statics.includes(key as string) && !(isClass && isMadeBy(fn, descriptor))) writeProperty(added, out);
    else writeUnlessMade(descriptor.value, () => writeProperty(added, out), out);
  };
  for (const added of addedTo(fn, fn, false)) write(added);
  if (prototype !== undefined) for (const added of addedTo(prototype, fn, true)) write(added);
  if (hasPrivates) {
    for (const [name, value] of privateStaticsOf(fn)) {
      const write = () => {
        out.string(`${PRIVATE}${name}`);
        out.value(value, `.#${name}`);
      };
      writeUnlessMade(value, write, out);
    }
  }
  out.string('');
  writeChain(prototype && chainOf(prototype, fn), '.prototype', out);
  // A class was given its parent when it was made.
  const parent: unknown = Object.getPrototypeOf(fn);
  const isSet = !isClass && typeof parent === 'function' && ownIntrinsic(parent) !== Function.prototype;
  out.uint32(isSet ? OBJECT : USUAL);
  if (isSet) out.value(parent, '.__proto__');
}

/** Writes what the receiver makes itself, and keeps where this cannot be sent: unless that is a shared object, of which it would make another. */
function writeUnlessMade(value: unknown, write: () => void, out: ValueWriter): void {
  const error = out.attempt(write);
  if (error !== undefined && holdsShared(value)) throw error;
}

/** Returns true if a value is a shared object, or has one among its members, at any depth. */
function holdsShared(value: unknown): boolean {
  const seen = new Set<unknown>([value]);
  for (const at of seen) {
    if (typeof at !== 'object' || at === null) continue;
    if (isSharedObject(at)) return true;
    if (seen.size > MOST_LOOKED_AT) return false;
    const members = types.isMap(at) ? [...at].flat() : types.isSet(at) ? [...at] : Object.values(dataOf(at));
    for (const member of members) seen.add(member);
  }
  return false;
}

/** Returns the properties of an object that can be read without running its code. */
function dataOf(object: object): Record<string, unknown> {
  if (types.isProxy(object)) return {};
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(object));
  return Object.fromEntries(descriptors.map(([key, { value }]) => [key, value]));
}

function writeProperty({ key, descriptor, onPrototype }: Added, out: ValueWriter): void {
  const { get, set, value, writable, enumerable, configurable } = descriptor;
  const isAccessor = get !== undefined || set !== undefined;
  out.string(spellKey(key));
  out.uint32(
    (writable ? WRITABLE : 0) |
      (enumerable ? ENUMERABLE : 0) |
      (configurable ? CONFIGURABLE : 0) |
      (isAccessor ? ACCESSOR : 0) |
      (onPrototype ? ON_PROTOTYPE : 0),
  );
  const path = `${onPrototype ? '.prototype' : ''}${typeof key === 'string' ? `.${key}` : `[${String(key)}]`}`;
  out.value(isAccessor ? get : value, path);
  if (isAccessor) out.value(set, path);
}

/** Gives a function that was made again the properties that `writeAdded` wrote. */
export function readAdded(fn: AnyFunction, input: ValueReader): void {
  for (let spelled = input.string(); spelled !== ''; spelled = input.string()) {
    if (spelled[0] === PRIVATE) {
      setPrivateStatic(fn, spelled.slice(1), input.value());
      continue;
    }
    const key = readKey(spelled);
    const flags = input.uint32();
    const value = input.value();
    const common = { enumerable: (flags & ENUMERABLE) !== 0, configurable: (flags & CONFIGURABLE) !== 0 };
    const descriptor: PropertyDescriptor =
      flags & ACCESSOR
        ? { ...common, get: value as () => unknown, set: input.value() as (value: unknown) => void }
        : { ...common, value, writable: (flags & WRITABLE) !== 0 };
    Object.defineProperty(flags & ON_PROTOTYPE ? (fn.prototype as object) : fn, key, descriptor);
  }
  const chain = input.uint32();
  if (chain !== USUAL) {
    const value = input.value() as AnyFunction;
    Object.setPrototypeOf(fn.prototype, (chain === OF_CLASS ? value.prototype : value) as object);
  }
  if (input.uint32() !== USUAL) Object.setPrototypeOf(fn, input.value() as object);
}

function prototypeOf(fn: AnyFunction): object | undefined {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}

function* addedTo(holder: object, fn: AnyFunction, onPrototype: boolean): Generator<Added> {
  const usual = onPrototype ? ['constructor'] : ['length', 'name', 'prototype', 'arguments', 'caller'];
  let source: string | undefined;
  for (const key of Reflect.ownKeys(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
    if (usual.includes(key as string) && (key !== 'name' || typeof descriptor.value === 'string')) continue;
    source ??= Function.prototype.toString.call(fn);
    const { value, get, set } = descriptor;
    // Methods that the class itself declares come back with it; a decorator may have replaced some.
    if (!descriptor.enumerable && isWrittenIn(source, value ?? get ?? set)) continue;
    if (isOpening(key)) continue;
    yield { key, descriptor, onPrototype };
  }
}

/** Returns true if a function on a class was made by its static blocks or initializers, which the receiver runs again. */
function isMadeBy(cls: AnyFunction, { value, get, set }: PropertyDescriptor): boolean {
  return isWrittenIn(Function.prototype.toString.call(cls), value ?? get ?? set);
}

function isWrittenIn(source: string, value: unknown): boolean {
  if (typeof value !== 'function') return false;
  const text = Function.prototype.toString.call(value);
  return text.length < source.length && source.includes(text);
}

/** Returns the prototype chain of a constructor function, where it was set by hand. */
function chainOf(prototype: object, fn: AnyFunction): object | undefined {
  const parent: object | null = Object.getPrototypeOf(prototype);
  if (parent === null || ownIntrinsic(parent) === Object.prototype) return undefined;
  const above: unknown = Object.getPrototypeOf(fn);
  if (typeof above === 'function' && above.prototype === parent) {
    if (/^class\b/.test(Function.prototype.toString.call(fn))) return undefined;
  }
  // Generators make their prototype themselves.
  return Object.hasOwn(prototype, 'constructor') || Reflect.ownKeys(prototype).length > 0 || !isGenerator(fn)
    ? parent
    : undefined;
}

function isGenerator(fn: AnyFunction): boolean {
  return /Generator/.test(String((fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]));
}

function writeChain(parent: object | undefined, path: string, out: ValueWriter): void {
  if (parent === undefined) {
    out.uint32(USUAL);
    return;
  }
  const owner: unknown = Object.getOwnPropertyDescriptor(parent, 'constructor')?.value;
  const isOfClass = typeof owner === 'function' && owner.prototype === parent;
  out.uint32(isOfClass ? OF_CLASS : OBJECT);
  out.value(isOfClass ? owner : parent, `${path}.__proto__`);
}

function spellKey(key: string | symbol): string {
  if (typeof key === 'string') return `.${key}`;
  const spelling = spellSymbol(key);
  if (spelling !== undefined) return spelling;
  throw new Refusal(`its property ${String(key)} has a symbol that only this process knows for a key`);
}

function readKey(spelling: string): string | symbol {
  return spelling[0] === '.' ? spelling.slice(1) : symbolFor(spelling);
}
