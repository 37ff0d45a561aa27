/** Recognizes objects of installed packages that would arrive incomplete, because their class hides state in them that is not copied. */

import { type AnyClass, registrationOf } from '../codec/class-registry.ts';
import { types } from '../engine/builtins.ts';
import { inspectFunction } from './inspector.ts';
import { packageAt } from './installed-package.ts';
import { ownAddress } from './own-exports.ts';
import { scriptOf } from './script.ts';

/** Returns the package whose class made an object with hidden state; `undefined` for an object that can be copied. */
export function packageHidingIn(value: object): string | undefined {
  if (!hidesState(value)) return undefined;
  const prototype: object | null = Object.getPrototypeOf(value);
  const cls: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof cls !== 'function' || ownAddress(cls) !== undefined) return undefined;
  return registrationOf(cls as unknown as AnyClass)?.encode === undefined ? packageOf(cls) : undefined;
}

/** Accessors, symbols, and what cannot be enumerated. Errors are known for theirs. */
function hidesState(value: object): boolean {
  if (types.isNativeError(value) || ArrayBuffer.isView(value)) return false;
  return Reflect.ownKeys(value).some((key) => {
    const { enumerable, get } = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    return (!enumerable && !(key === 'length' && Array.isArray(value))) || typeof key === 'symbol' || get !== undefined;
  });
}

const packages = new WeakMap<object, string | undefined>();

function packageOf(cls: object): string | undefined {
  if (!packages.has(cls)) {
    const { location } = inspectFunction(cls);
    packages.set(cls, location && packageAt(scriptOf(location.scriptId).base)?.name);
  }
  return packages.get(cls);
}
