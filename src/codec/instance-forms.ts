/**
 * How instances that keep their class, and those classes, are read. An instance begins with the registration of its class as
 * a value, so that a message spells a class once. Of a registration its id comes first and then a section, which a receiver that
 * knows the id skips: the class, its encode hook, its decode hook.
 */
import { isIndex, stretch } from './array-properties.ts';
import { type AnyClass, ClassRegistration, learnClass, registrationById } from './class-registry.ts';
import { readError, remainsOf } from './error-values.ts';
import { type Form, reach, type ValueReader } from './extension.ts';
import { isFarIndex, keepSparse } from './far-indices.ts';
import { defineProperty } from './own-property.ts';

/** The numbers of the forms. They are part of the wire format and never change. */
export const form = {
  CLASS: 0,
  HOOKED: 1,
  OBJECT: 2,
  ARRAY: 3,
  MAP: 4,
  SET: 5,
  ERROR: 6,
  LEAF: 7,
  HOOKED_ERROR: 8,
} as const;

const TRUSTED = reach.TRUSTED;

/** The forms, by those numbers. */
export const instanceForms: readonly Form[] = [
  { name: 'class', reach: TRUSTED, fields: ['string', 'section'], read: readClass },
  // The state is what `encode` returned.
  { name: 'with hooks', reach: TRUSTED, fields: ['value', 'value'], read: readHooked },
  { name: 'object', reach: TRUSTED, fields: ['value', 'value'], read: readObject },
  { name: 'array', reach: TRUSTED, fields: ['value', 'uint32', 'value'], read: readArray },
  { name: 'Map', reach: TRUSTED, fields: ['value', 'uint32', 'rest'], read: readMap },
  { name: 'Set', reach: TRUSTED, fields: ['value', 'uint32', 'rest'], read: readSet },
  { name: 'error', reach: TRUSTED, fields: ['value', 'string', 'string', 'rest'], read: readOwnError },
  // The state is an object of a built-in class, to which only the prototype must be given.
  { name: 'date, expression or view', reach: TRUSTED, fields: ['value', 'value'], read: readLeaf },
  // Its replacement, if it cannot be made here: name, message and stack; then its class, and its state as a section.
  {
    name: 'error with hooks',
    reach: TRUSTED,
    fields: ['string', 'string', 'value', 'value', 'section'],
    read: readHookedError,
  },
];

/** Stands for a class that cannot be made here, until the class is needed. */
class MissingClass {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

function readClass(input: ValueReader): ClassRegistration | MissingClass {
  const id = input.string();
  const known = registrationById(id);
  if (known !== undefined) {
    input.skipSection();
    return known;
  }
  try {
    return input.section(() => {
      const cls = input.value();
      if (typeof cls !== 'function') input.corrupt('a class that is none');
      const encode = input.value() as ClassRegistration['encode'];
      const decode = input.value() as ClassRegistration['decode'];
      return learnClass(id, cls as unknown as AnyClass, { encode, decode });
    });
  } catch (cause) {
    return new MissingClass(cause);
  }
}

/** Reads the registration of a class. Throws the reason if there is none. */
export function readRegistration(input: ValueReader): ClassRegistration {
  const found = input.value();
  if (found instanceof ClassRegistration) return found;
  if (found instanceof MissingClass) throw found.cause;
  return input.corrupt('an instance without its class');
}

function readIfThere(input: ValueReader): ClassRegistration | MissingClass {
  const found = input.value();
  const isKnown = found instanceof ClassRegistration || found instanceof MissingClass;
  return isKnown ? found : input.corrupt('an instance without its class');
}

function prototypeOf({ cls }: ClassRegistration): object {
  return cls.prototype as object;
}

function readHooked(input: ValueReader): object {
  const registration = readRegistration(input);
  return revive(registration, input.value());
}

function revive(registration: ClassRegistration, state: unknown): object {
  const { decode } = registration;
  if (decode !== undefined) return (decode as (state: unknown) => object)(state);
  return assign(Object.create(prototypeOf(registration)), state);
}

function readHookedError(input: ValueReader): object {
  const name = input.string();
  const message = input.string();
  const remains = { name, message, stack: input.value() };
  const found = readIfThere(input);
  if (found instanceof MissingClass) {
    input.skipSection();
    return remainsOf(remains, found.cause);
  }
  try {
    return revive(
      found,
      input.section(() => input.value()),
    );
  } catch (cause) {
    return remainsOf(remains, cause);
  }
}

function readObject(input: ValueReader): object {
  const object = Object.create(prototypeOf(readRegistration(input))) as object;
  input.remember(object);
  return assign(object, input.value());
}

function readArray(input: ValueReader): object {
  const array = Object.setPrototypeOf([], prototypeOf(readRegistration(input))) as unknown[];
  input.remember(array);
  const length = input.uint32();
  const properties = input.value();
  if (leadsBeyond(length, properties)) input.corrupt('an array has elements beyond its end');
  if (input.reach !== reach.FAMILY && !input.claims.holes(holesIn(length, properties))) {
    input.corrupt('its arrays have too many holes');
  }
  assign(array, properties);
  if (array.length < length) stretch(array, length);
  return array;
}

function readMap(input: ValueReader): object {
  const map = Object.setPrototypeOf(new Map(), prototypeOf(readRegistration(input))) as Map<unknown, unknown>;
  input.remember(map);
  const members = input.uint32();
  for (let i = 0; i < members; i += 2) {
    const key = input.value();
    Map.prototype.set.call(map, key, input.value());
  }
  return assign(map, input.value());
}

function readSet(input: ValueReader): object {
  const set = Object.setPrototypeOf(new Set(), prototypeOf(readRegistration(input))) as Set<unknown>;
  input.remember(set);
  for (let members = input.uint32(); members > 0; members--) Set.prototype.add.call(set, input.value());
  return assign(set, input.value());
}

function readOwnError(input: ValueReader): object {
  const found = readIfThere(input);
  if (found instanceof MissingClass) return remainsOf(readError(input), found.cause);
  const prototype = prototypeOf(found);
  return readError(input, (error) => Object.setPrototypeOf(error, prototype));
}

function readLeaf(input: ValueReader): object {
  const prototype = prototypeOf(readRegistration(input));
  const leaf = input.value();
  if (typeof leaf !== 'object' || leaf === null) input.corrupt('an instance without its state');
  return Object.setPrototypeOf(leaf, prototype);
}

/** Returns the number of missing elements of an instance that is an array, without named properties. */
export function holesIn(length: number, properties: unknown): number {
  return length - (typeof properties === 'object' && properties !== null ? Object.keys(properties).length : 0);
}

function leadsBeyond(length: number, properties: unknown): boolean {
  if (typeof properties !== 'object' || properties === null) return false;
  return Object.keys(properties).some((key) => key === 'length' || (isIndex(key) && Number(key) >= length));
}

/** Gives an instance its properties, past any setter of its class. */
function assign(object: object, properties: unknown): object {
  if (typeof properties !== 'object' || properties === null) return object;
  const keys = Object.keys(properties);
  // Indices come first.
  const hasIndices = keys.length > 0 && isIndex(keys[0] as string);
  if (hasIndices && !Array.isArray(object) && keys.some((key) => isFarIndex(key, keys.length))) keepSparse(object);
  for (const key of keys) {
    const value = (properties as Record<string, unknown>)[key];
    if (key in object) {
      defineProperty(object, key, value);
    } else (object as Record<string, unknown>)[key] = value;
  }
  return object;
}
