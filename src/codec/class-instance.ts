/** Recognizes and writes instances that keep their class. instance-forms.ts has their wire format. */

import { NativeDate, types } from '../engine/builtins.ts';
import { stackOf } from '../engine/stack-of.ts';
import { type AnyClass, ClassRegistration, registerCaptured, registrationOf } from './class-registry.ts';
import { brandNameOf } from './error-classes.ts';
import { writeError } from './error-values.ts';
import { type Extension, reach, registerExtension, type ValueWriter } from './extension.ts';
import { extensionIds } from './extension-ids.ts';
import { form, holesIn, instanceForms } from './instance-forms.ts';
import { isKey } from './key-extension.ts';
import { holdsPrivateNames } from './private-names.ts';
import { nativeClassOf, refusalOf } from './refusals.ts';

/** Returns the form of an instance without hooks, by the built-in class that it extends. */
function baseOf(value: object): number {
  if (Array.isArray(value)) return form.ARRAY;
  if (types.isMap(value)) return form.MAP;
  if (types.isSet(value)) return form.SET;
  if (value instanceof Error) return form.ERROR;
  if (types.isDate(value) || types.isRegExp(value) || ArrayBuffer.isView(value)) return form.LEAF;
  return form.OBJECT;
}

/** Returns the class of an object, if it is an ordinary instance of one. */
function classOf(value: object): AnyClass | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return undefined;
  const cls: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof cls === 'function' && cls.prototype === prototype ? (cls as unknown as AnyClass) : undefined;
}

function isWorthCapturing(value: object, cls: AnyClass): boolean {
  if (/\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(cls))) return false;
  if (brandNameOf(value) !== undefined || value instanceof URL || value instanceof URLSearchParams || isKey(value))
    return false;
  return baseOf(value) !== form.OBJECT || refusalOf(value) === undefined;
}

function matches(value: object, out: ValueWriter): value is object {
  if (typeof value === 'function') return false;
  if (value instanceof ClassRegistration) return true;
  const cls = classOf(value);
  if (cls === undefined) return false;
  return registrationOf(cls) !== undefined || (out.captured && isWorthCapturing(value, cls));
}

function write(value: object, out: ValueWriter): void {
  if (value instanceof ClassRegistration) {
    writeClass(value, out);
    return;
  }
  const cls = classOf(value) as AnyClass;
  const { encode, decode } = registrationOf(cls) ?? {};
  if ((encode === undefined || decode === undefined) && holdsPrivateNames(cls)) {
    out.refuse(`the private names of class ${cls.name} cannot be read; give registerClass encode and decode`);
  }
  const registration = registrationOf(cls) ?? registerCaptured(cls);
  const base = encode === undefined && decode === undefined ? baseOf(value) : hookedFormOf(value);
  const native = base === form.OBJECT ? nativeClassOf(value) : undefined;
  if (native !== undefined) {
    out.refuse(`its class extends ${native}, which is bound to its process; give registerClass encode and decode`);
  }
  out.form(base);
  if (base === form.HOOKED_ERROR) writeRemains(value as Error, out);
  out.value(registration, '.constructor');
  writeState(base, value, registration, out);
}

function hookedFormOf(value: object): number {
  return baseOf(value) === form.ERROR ? form.HOOKED_ERROR : form.HOOKED;
}

/** Returns the text that the receiver shows for an error that it cannot make. */
function writeRemains(error: Error, out: ValueWriter): void {
  const { name, message } = error;
  out.string(String(name));
  out.string(String(message));
  out.value(stackOf(error), '.stack');
}

function stateOf(value: object, encode: ClassRegistration['encode']): unknown {
  return encode === undefined ? { ...value } : (encode as (x: object) => unknown)(value);
}

function writeState(base: number, value: object, { encode }: ClassRegistration, out: ValueWriter): void {
  switch (base) {
    case form.HOOKED:
      out.value(stateOf(value, encode), '');
      return;
    case form.HOOKED_ERROR:
      out.section(() => out.value(stateOf(value, encode), ''));
      return;
    case form.ERROR:
      writeError(value as Error, out);
      return;
    case form.LEAF:
      out.value(withoutClass(value as Date | RegExp | ArrayBufferView), '');
      return;
    case form.ARRAY: {
      const { length } = value as unknown[];
      if (out.reach !== reach.FAMILY && !out.claims.holes(holesIn(length, value))) {
        out.refuse(
          'an array with that many missing elements cannot be sent through a socket; send a Map of its elements',
        );
      }
      out.uint32(length);
      break;
    }
    case form.MAP:
    case form.SET:
      writeMembers(value as Map<unknown, unknown> | Set<unknown>, out);
      break;
  }
  out.value({ ...value }, '');
}

function writeMembers(value: Map<unknown, unknown> | Set<unknown>, out: ValueWriter): void {
  const members: unknown[] = [];
  // The class may define its own iteration.
  if (types.isMap(value)) Map.prototype.forEach.call(value, (item, key) => void members.push(key, item));
  else Set.prototype.forEach.call(value, (item) => void members.push(item));
  out.uint32(members.length);
  for (const [i, member] of members.entries()) out.value(member, `.members[${i}]`);
}

function withoutClass(value: Date | RegExp | ArrayBufferView): object {
  if (types.isDate(value)) return new NativeDate(NativeDate.prototype.getTime.call(value));
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags);
  const { buffer, byteOffset, byteLength } = value;
  if (!types.isTypedArray(value)) return new DataView(buffer, byteOffset, byteLength);
  const name = value[Symbol.toStringTag] as string;
  const View = (globalThis as unknown as Record<string, Uint8ArrayConstructor>)[name] as Uint8ArrayConstructor;
  return new View(buffer, byteOffset, value.length);
}

function writeClass(registration: ClassRegistration, out: ValueWriter): void {
  out.form(form.CLASS);
  out.string(registration.id);
  out.section(() => {
    out.value(registration.cls, '');
    out.value(registration.encode, '.encode');
    out.value(registration.decode, '.decode');
  });
}

/** The extension for instances of registered classes, and of any class among the values that a function captured. */
const classInstances: Extension = {
  id: extensionIds.CLASS_INSTANCE,
  name: 'instance of a class',
  forms: instanceForms,
  matches,
  write,
};

/** Registers `classInstances`; may be called more than once. */
export function registerClassInstances(): void {
  registerExtension(classInstances);
}
