/** The ids by which classes that are sent by value are known in other processes. */
import {
  type AnyClass,
  type ClassRegistration,
  learnClass,
  registrationById,
  registrationOf,
} from '../codec/class-registry.ts';
import type { AnyFunction } from './any-function.ts';

/** Returns the id of a class that is sent by value, empty if it has none. */
export function idOfClass(cls: AnyFunction): string {
  const registration = registrationOf(cls as unknown as AnyClass);
  return registration === undefined || hasHooks(registration) ? '' : registration.id;
}

/** Returns true if functions of the program encode or decode the instances of the class. */
export function hasHooks(registration: ClassRegistration | undefined): boolean {
  return registration?.encode !== undefined || registration?.decode !== undefined;
}

/** The ids with which classes were written as contents of variables. */
const written = new WeakMap<AnyFunction, string>();

/** Notes the id with which a class is written as the content of a variable. */
export function noteWritten(cls: AnyFunction, id: string): void {
  if (id !== '') written.set(cls, id);
}

/** Returns whether the class was registered, or got another id, since it was written as the content of a variable. */
export function hasOtherId(cls: AnyFunction): boolean {
  return idOfClass(cls) !== (written.get(cls) ?? '');
}

/** Returns the class that this process has for an id. */
export function classById(id: string): AnyFunction | undefined {
  return id === '' ? undefined : (registrationById(id)?.cls as unknown as AnyFunction | undefined);
}

/** Makes a class that arrived known by its id. */
export function rememberClass(id: string, cls: AnyFunction): void {
  if (id !== '') learnClass(id, cls as unknown as AnyClass, { encode: undefined, decode: undefined });
}
