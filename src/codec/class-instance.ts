/**
 * Instances that keep their class. On the wire: uint32 base (what the object is underneath), the registration of its class as
 * a value (so that a message spells a class once), then its state. A registration: uint32 CLASS, its id (string), and as a
 * section, which a receiver that knows the id skips: the class, its encode hook, its decode hook.
 */
import { types } from '../builtins.ts';
import { SerializationError } from '../errors.ts';
import { stretch } from './array-properties.ts';
import {
  type AnyClass,
  ClassRegistration,
  learnClass,
  registerCaptured,
  registrationById,
  registrationOf,
} from './class-registry.ts';
import { brandNameOf } from './error-classes.ts';
import { readError, writeError } from './error-values.ts';
import {
  type Extension,
  extensionById,
  reach,
  registerExtension,
  type ValueReader,
  type ValueWriter,
} from './extension.ts';
import { holdsPrivateNames } from './private-names.ts';
import { nativeClassOf, refusalOf } from './refusals.ts';

const CLASS = 0;
/** The state is what `encode` returned. */
const HOOKED = 1;
const OBJECT = 2;
const ARRAY = 3;
const MAP = 4;
const SET = 5;
const ERROR = 6;
/** The state is an object of a built-in class, which only lacks the prototype. */
const LEAF = 7;

type Properties = Record<string, unknown>;

function baseOf(value: object): number {
  if (Array.isArray(value)) return ARRAY;
  if (types.isMap(value)) return MAP;
  if (types.isSet(value)) return SET;
  if (value instanceof Error) return ERROR;
  if (types.isDate(value) || types.isRegExp(value) || ArrayBuffer.isView(value)) return LEAF;
  return OBJECT;
}

/** The class of an object, if it is an ordinary instance of one. */
function classOf(value: object): AnyClass | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return undefined;
  const cls: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof cls === 'function' && cls.prototype === prototype ? (cls as unknown as AnyClass) : undefined;
}

function isWorthCapturing(value: object, cls: AnyClass): boolean {
  if (/\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(cls))) return false;
  if (brandNameOf(value) !== undefined || value instanceof URL || value instanceof URLSearchParams) return false;
  return baseOf(value) !== OBJECT || refusalOf(value) === undefined;
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
  let registration = registrationOf(cls);
  if (registration === undefined) {
    if (holdsPrivateNames(cls)) {
      out.refuse(`the private names of class ${cls.name} cannot be read; give registerClass encode and decode`);
    }
    registration = registerCaptured(cls);
  }
  const { encode, decode } = registration;
  const base = encode === undefined && decode === undefined ? baseOf(value) : HOOKED;
  const native = base === OBJECT ? nativeClassOf(value) : undefined;
  if (native !== undefined) {
    out.refuse(`its class extends ${native}, which is bound to its process; give registerClass encode and decode`);
  }
  out.uint32(base);
  out.value(registration, '.constructor');
  writeState(base, value, registration, out);
}

function writeState(base: number, value: object, { encode }: ClassRegistration, out: ValueWriter): void {
  switch (base) {
    case HOOKED:
      out.value(encode === undefined ? { ...value } : (encode as (x: object) => unknown)(value), '');
      return;
    case ERROR:
      writeError(value as Error, out);
      return;
    case LEAF:
      out.value(withoutClass(value as Date | RegExp | ArrayBufferView), '');
      return;
    case ARRAY:
      out.uint32((value as unknown[]).length);
      break;
    case MAP:
    case SET:
      writeMembers(value as Map<unknown, unknown> | Set<unknown>, out);
      break;
  }
  out.value({ ...value }, '');
}

function writeMembers(value: Map<unknown, unknown> | Set<unknown>, out: ValueWriter): void {
  const members: unknown[] = [];
  // The class may have its own idea of iteration.
  if (types.isMap(value)) Map.prototype.forEach.call(value, (item, key) => void members.push(key, item));
  else Set.prototype.forEach.call(value, (item) => void members.push(item));
  out.uint32(members.length);
  for (const [i, member] of members.entries()) out.value(member, `.members[${i}]`);
}

function withoutClass(value: Date | RegExp | ArrayBufferView): object {
  if (types.isDate(value)) return new Date(Date.prototype.getTime.call(value));
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags);
  const { buffer, byteOffset, byteLength } = value;
  if (!types.isTypedArray(value)) return new DataView(buffer, byteOffset, byteLength);
  const name = value[Symbol.toStringTag] as string;
  const View = (globalThis as unknown as Record<string, Uint8ArrayConstructor>)[name] as Uint8ArrayConstructor;
  return new View(buffer, byteOffset, value.length);
}

function writeClass(registration: ClassRegistration, out: ValueWriter): void {
  out.uint32(CLASS);
  out.string(registration.id);
  out.section(() => {
    out.value(registration.cls, '');
    out.value(registration.encode, '.encode');
    out.value(registration.decode, '.decode');
  });
}

function readClass(input: ValueReader): ClassRegistration {
  const id = input.string();
  const known = registrationById(id);
  if (known !== undefined) {
    input.skipSection();
    return known;
  }
  return input.section(() => {
    const cls = input.value();
    if (typeof cls !== 'function') damaged();
    const encode = input.value() as ClassRegistration['encode'];
    const decode = input.value() as ClassRegistration['decode'];
    return learnClass(id, cls as unknown as AnyClass, { encode, decode });
  });
}

function read(input: ValueReader): object {
  const base = input.uint32();
  if (base === CLASS) return readClass(input);
  const registration = input.value();
  if (!(registration instanceof ClassRegistration) || base > LEAF) damaged();
  const { cls, decode } = registration;
  const prototype = cls.prototype as object;
  if (base === HOOKED) {
    const state = input.value();
    if (decode !== undefined) return (decode as (state: unknown) => object)(state);
    return assign(Object.create(prototype), state);
  }
  if (base === ERROR) return readError(input, (error) => Object.setPrototypeOf(error, prototype));
  if (base === LEAF) return Object.setPrototypeOf(leafOf(input.value()), prototype);
  const object = empty(base, prototype);
  input.remember(object);
  const count = base === OBJECT ? 0 : input.uint32();
  if (count > 0xffffffff) damaged();
  if (base === MAP) {
    for (let i = 0; i < count; i += 2) {
      const key = input.value();
      Map.prototype.set.call(object, key, input.value());
    }
  } else if (base === SET) for (let i = 0; i < count; i++) Set.prototype.add.call(object, input.value());
  assign(object, input.value());
  if (base === ARRAY && (object as unknown[]).length < count) stretch(object as unknown[], count);
  return object;
}

function leafOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : damaged();
}

function damaged(): never {
  throw new SerializationError('A received message is damaged: an instance without its class or state.', '');
}

function empty(base: number, prototype: object): object {
  if (base === ARRAY) return Object.setPrototypeOf([], prototype);
  if (base === MAP) return Object.setPrototypeOf(new Map(), prototype);
  if (base === SET) return Object.setPrototypeOf(new Set(), prototype);
  return Object.create(prototype);
}

/** Gives an instance its properties, past any setter of its class. */
function assign(object: object, properties: unknown): object {
  if (typeof properties !== 'object' || properties === null) return object;
  for (const [key, value] of Object.entries(properties)) {
    if (key in object) {
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    } else (object as Properties)[key] = value;
  }
  return object;
}

/** Instances of registered classes, and of any class within what a function captured. */
export const classInstances: Extension = { id: 1, reach: reach.TRUSTED, matches, write, read };

/** Makes `classInstances` known; more than one call does no harm. */
export function registerClassInstances(): void {
  if (extensionById(classInstances.id) === undefined) registerExtension(classInstances);
}
