/** The classes that arrived by value, by the ids with which they arrived: class-identity.ts gives the ids. */
import { type AnyClass, learnClass, registrationById } from '../codec/class-registry.ts';
import type { AnyFunction } from './any-function.ts';

/** Returns the class that this process has for an id. */
export function classById(id: string): AnyFunction | undefined {
  return id === '' ? undefined : (registrationById(id)?.cls as unknown as AnyFunction | undefined);
}

/** Makes a class that arrived known by its id. */
export function rememberClass(id: string, cls: AnyFunction): void {
  if (id !== '') learnClass(id, cls as unknown as AnyClass, { encode: undefined, decode: undefined });
}
