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
import { hasHooks, idOfClass } from './class-ids.ts';

const beingWritten = new Set<ClassRegistration>();

/** Writes a class with hooks as its registration, which contains the hooks. Returns false if the class has none. */
export function writeHooked(cls: AnyFunction, before: () => void, out: ValueWriter): boolean {
  const registration = registrationOf(cls as unknown as AnyClass);
  return registration !== undefined && hasHooks(registration) && writeRegistration(registration, before, out);
}

/** Writes a class that goes by reference as its registration, which contains the reference. Returns false if the class is not registered. */
export function writeRegistered(cls: AnyFunction, before: () => void, out: ValueWriter): boolean {
  const registration = registrationOf(cls as unknown as AnyClass);
  return registration !== undefined && writeRegistration(registration, before, out);
}

/** Returns false inside the registration itself, where the class is to be written. */
function writeRegistration(registration: ClassRegistration, before: () => void, out: ValueWriter): boolean {
  if (beingWritten.has(registration)) return false;
  beingWritten.add(registration);
  try {
    before();
    out.value(registration, '');
  } finally {
    beingWritten.delete(registration);
  }
  return true;
}

/** Returns the classes of the instances that a function captured: written before them, their methods share the function's other variables. */
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
