/** Other realms (`vm` contexts; test runners have one for each file): their built-in objects are not ours, but mean the same. */
import { isMade } from '../engine/is-made.ts';
import { isObject, membersOf } from './address.ts';

const ours = new WeakMap<object, object>();
/** `Object.prototype` of the realms that are known. */
const known = new WeakSet<object>([Object.prototype]);

/** Returns our own counterpart of a built-in object of another realm; returns any other value unchanged. */
export function ownIntrinsic<T extends object>(value: T): T {
  return (ours.get(value) as T | undefined) ?? value;
}

/** Learns about the realm of a function, if it is another realm. */
export function meetRealmOf(fn: object): void {
  let parent: object | null = Object.getPrototypeOf(fn);
  if (parent === Function.prototype) return;
  let root = fn;
  for (; parent !== null; parent = Object.getPrototypeOf(parent)) root = parent;
  if (known.has(root)) return;
  const theirObject: unknown = Object.getOwnPropertyDescriptor(root, 'constructor')?.value;
  if (!isNative(theirObject, 'Object') || theirObject.prototype !== root) return;
  known.add(root);
  const theirFunction: unknown = theirObject.constructor;
  if (!isNative(theirFunction, 'Function')) return;
  let world: Record<string, unknown>;
  try {
    world = theirFunction('return this')();
  } catch {
    // It may not compile text: what a function leads to is most of what is needed.
    world = { Object: theirObject, Function: theirFunction };
  }
  for (const [value, path] of membersOf(globalThis, isMade)) {
    if (!isShared(value, path)) continue;
    const theirs = path.reduce<unknown>((holder, name) => memberOf(holder, name), world);
    if (isObject(theirs) && theirs !== value && isAlike(theirs, value)) ours.set(theirs, value);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: of any realm
type Native = any;

/** Getters are left alone. */
function memberOf(holder: unknown, name: string): unknown {
  return isObject(holder) ? Object.getOwnPropertyDescriptor(holder, name)?.value : undefined;
}

/** Returns true for a built-in object of the language: a native function, its prototype with its methods, `Math` and the like. */
function isShared(value: unknown, [name, second]: readonly string[]): value is object {
  if (name === undefined || !isObject(value)) return false;
  const root = (globalThis as Record<string, unknown>)[name];
  if (second === undefined || second === 'prototype' || typeof value === 'function')
    return typeof root === 'function' ? isNative(root, name) : /^(Atomics|Intl|JSON|Math|Reflect)$/.test(name);
  return false;
}

function isAlike(theirs: object, value: object): boolean {
  if (typeof theirs !== typeof value) return false;
  return typeof theirs !== 'function' || isNative(theirs, (value as { name: string }).name);
}

function isNative(value: unknown, name: string): value is Native {
  return (
    typeof value === 'function' &&
    value.name === name &&
    /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(value))
  );
}
