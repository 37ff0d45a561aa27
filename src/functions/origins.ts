import { isObject } from './address.ts';

/** Remembers which values arrived by a stand-in (an address, a `require`, …), so that they are sent on in the same way. */
const origins = new WeakMap<object, object>();

/** Remembers the stand-in of a value that arrived. */
export function rememberOrigin(value: unknown, standIn: object): void {
  if (isObject(value)) origins.set(value, standIn);
}

/** Returns the stand-in by which a value arrived. */
export function originOf(value: object): object | undefined {
  return origins.get(value);
}
