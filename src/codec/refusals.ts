/** Which objects are bound to the process they live in, although they look like objects with properties. */
import { EventEmitter } from 'node:events';
import { adviceFor } from '../contracts/stays-here.ts';
import { types } from '../engine/builtins.ts';
import { isMade } from '../engine/is-made.ts';

/** By prototype: the name of a class whose objects have more than properties, '' for an ordinary class. */
const nativeNames = new WeakMap<object, string>();

/** Returns the reason for which this object cannot be sent, to continue `Cannot send x: …`; `undefined` if it has only properties. */
export function refusalOf(value: object): string | undefined {
  if (types.isModuleNamespaceObject(value)) return 'a module cannot be sent';
  if (types.isExternal(value)) return 'it is a pointer into native code';
  if (types.isPromise(value)) return 'a Promise is bound to its process; await it first';
  const advice = adviceFor(value);
  if (advice !== undefined) return `${article(className(value))} is bound to its process; ${advice}`;
  const name = nativeClassOf(value);
  if (name !== undefined) return `${article(name)} is bound to its process`;
  if (isHandle(value)) return `${article(className(value))} is bound to its process`;
  if (value instanceof EventEmitter) {
    return `${article(className(value))} is an event emitter, and listeners stay in their process; send its data, or give registerClass encode and decode`;
  }
  return undefined;
}

/** Returns the name of the class whose objects have more than properties and that the object's class extends. */
export function nativeClassOf(value: object): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null ? undefined : nativeName(prototype) || undefined;
}

function article(name: string): string {
  return /^[AEIOU]/i.test(name) ? `an ${name}` : `a ${name}`;
}

function className(value: object): string {
  return (value as { constructor?: { name?: string } }).constructor?.name || 'object';
}

function nativeName(prototype: object): string {
  let name = nativeNames.get(prototype);
  if (name === undefined) {
    name = findNativeName(prototype);
    nativeNames.set(prototype, name);
  }
  return name;
}

function findNativeName(prototype: object): string {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const next: object | null = Object.getPrototypeOf(at);
    if (next === null) return '';
    const tag = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag)?.value;
    const cls = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof cls === 'function') {
      if (isNative(cls)) return typeof tag === 'string' ? tag : cls.name;
      if (isPlatformClass(cls)) return cls.name;
    } else if (typeof tag === 'string' && /Generator|Iterator/.test(tag)) return tag;
  }
  return '';
}

function isNative(cls: object): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(cls));
}

/** Blob, AbortSignal, ReadableStream and so on. Names that a program puts on `globalThis` are enumerable, and are skipped. */
function isPlatformClass(cls: { readonly name: string }): boolean {
  if (!isMade(cls.name)) return false;
  const global = Object.getOwnPropertyDescriptor(globalThis, cls.name);
  if (global === undefined || global.enumerable) return false;
  return (globalThis as unknown as Record<string, unknown>)[cls.name] === cls;
}

/** Sockets, streams, timers, keys: objects of Node that belong to this process. */
function isHandle(value: object): boolean {
  const o = value as Record<string, unknown>;
  if (typeof o.pipe === 'function' && typeof o.on === 'function') return true;
  if (typeof o._handle === 'object' && o._handle !== null) return true;
  if ('_onTimeout' in o || '_onImmediate' in o) return true;
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    const inner = (value as Record<symbol, unknown>)[symbol];
    if (typeof inner !== 'object' || inner === null) continue;
    const cls: unknown = Object.getPrototypeOf(inner)?.constructor;
    if (/handle/i.test(String(symbol.description)) && typeof cls === 'function' && isNative(cls)) {
      return true;
    }
  }
  return false;
}
