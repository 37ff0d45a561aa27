/**
 * Classes whose instances travel too: the codec sends those by a registration, with an id. A class that is sent as a value says
 * the same id, so that in the receiver both are one class; sent again, it stays one, with its variables brought up to date.
 */
import { type AnyClass, type ClassRegistration, registerCaptured, registrationOf } from '../codec/class-registry.ts';
import { isSharedObject, type ValueWriter } from '../codec/extension.ts';
import { holdsPrivateNames } from '../codec/private-names.ts';
import type { AnyFunction } from './any-function.ts';
import { captureFunction } from './capture.ts';
import type { CapturedValue } from './captured-variables.ts';

const beingWritten = new Set<ClassRegistration>();

/** Returns the id of a class that is sent by value, empty if it has none. */
export function idOfClass(cls: AnyFunction): string {
  const registration = registrationOf(cls as unknown as AnyClass);
  return registration === undefined || hasHooks(registration) ? '' : registration.id;
}

/** Writes a class with hooks as its registration, which contains the hooks. Returns false if the class has none. */
export function writeHooked(cls: AnyFunction, before: () => void, out: ValueWriter): boolean {
  const registration = registrationOf(cls as unknown as AnyClass);
  if (registration === undefined || !hasHooks(registration) || beingWritten.has(registration)) return false;
  beingWritten.add(registration);
  try {
    before();
    out.value(registration, '');
  } finally {
    beingWritten.delete(registration);
  }
  return true;
}

/** The classes of the instances that a function captured: written before them, their methods share the function's other variables. */
export function classesOfInstances(variables: readonly CapturedValue[]): AnyFunction[] {
  const classes = new Set<AnyFunction>();
  for (const { value } of variables) {
    // What travels as itself needs no class.
    if (typeof value !== 'object' || value === null || isSharedObject(value)) continue;
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) continue;
    const cls: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof cls === 'function' && cls.prototype === prototype && goesByValue(cls as AnyFunction))
      classes.add(cls as AnyFunction);
  }
  // What holds private names is refused when it is written.
  for (const cls of classes) if (!holdsPrivateNames(cls)) registerCaptured(cls as unknown as AnyClass);
  return [...classes].filter((cls) => idOfClass(cls) !== '');
}

function goesByValue(cls: AnyFunction): boolean {
  try {
    return captureFunction(cls).kind === 'image';
  } catch {
    return false; // the codec says why, when it writes the instance
  }
}

function hasHooks({ encode, decode }: ClassRegistration): boolean {
  return encode !== undefined || decode !== undefined;
}
