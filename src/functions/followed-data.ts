/**
 * Notices whether large plain data of a variable has changed since it was encoded. The language has no way to ask that, and
 * encoding it again takes long. Therefore everything that was found in it is kept and compared in place. Equal data is encoded equally.
 */

import { hasNamedProperties } from '../codec/array-properties.ts';
import { standInFor, standInsSoFar } from '../codec/captured-contents.ts';
import { NativeDate, setTimeout, types } from '../engine/builtins.ts';

/** The time in milliseconds after which unused findings are dropped: they keep objects alive that may have left the data. */
const KEPT = 5000;
/** Up to this many elements an array is asked for its values, beyond for its names. */
const FEW = 40;

/** The objects that have the same keys, and the values of each in turn. */
interface Group {
  readonly keys: readonly string[];
  readonly objects: object[];
  readonly values: unknown[];
}

const { getPrototypeOf, hasOwn, keys: keysOf, values: valuesOf } = Object;

/** What was found in a value that consists of plain objects, arrays, dates and primitives. */
export class FollowedData {
  readonly #root: object;
  readonly #groups = new Map<string, Group>();
  readonly #arrays: unknown[][] = [];
  /** Of each array its elements. */
  readonly #elements: unknown[] = [];
  readonly #lengths: number[] = [];
  readonly #dates: Date[] = [];
  readonly #times: number[] = [];
  readonly #standIns = standInsSoFar();
  #isUsed = true;

  private constructor(root: object) {
    this.#root = root;
  }

  /** Returns `undefined` for a value with anything else in it. `dropped` is called when nobody has asked for some seconds. */
  static of(root: object, dropped: () => void): FollowedData | undefined {
    const followed = new FollowedData(root);
    const seen = new Set<object>([root]);
    // A set is gone through with what is added on the way.
    for (const object of seen) if (!followed.#note(object, seen)) return undefined;
    followed.#dropWhenIdle(dropped);
    return followed;
  }

  #dropWhenIdle(dropped: () => void): void {
    setTimeout(() => {
      if (!this.#isUsed) return dropped();
      this.#isUsed = false;
      this.#dropWhenIdle(dropped);
    }, KEPT).unref();
  }

  #note(object: object, seen: Set<object>): boolean {
    if (types.isProxy(object) || (object !== this.#root && standInFor(object) !== undefined)) return false;
    const prototype: unknown = getPrototypeOf(object);
    if (prototype === Object.prototype) return this.#noteObject(object, seen);
    if (prototype === Array.prototype && Array.isArray(object)) return this.#noteArray(object, seen);
    if (prototype !== NativeDate.prototype || !types.isDate(object)) return false;
    this.#dates.push(object);
    this.#times.push(timeOf(object));
    return true;
  }

  #noteObject(object: object, seen: Set<object>): boolean {
    const keys = keysOf(object);
    const name = JSON.stringify(keys);
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { keys, objects: [], values: [] }));
    group.objects.push(object);
    for (const key of keys) {
      const value = (object as Record<string, unknown>)[key];
      group.values.push(value);
      if (!isFollowed(value, seen)) return false;
    }
    return true;
  }

  #noteArray(array: unknown[], seen: Set<object>): boolean {
    if (valuesOf(array).length !== array.length || hasNamedProperties(array)) return false;
    this.#arrays.push(array);
    this.#lengths.push(array.length);
    for (const value of array) {
      this.#elements.push(value);
      if (!isFollowed(value, seen)) return false;
    }
    return true;
  }

  /** Returns true if `root` is the followed data and nothing in it has changed. */
  isUnchanged(root: unknown): boolean {
    this.#isUsed = true;
    if (root !== this.#root || this.#standIns !== standInsSoFar()) return false;
    for (const group of this.#groups.values()) if (!areObjectsUnchanged(group)) return false;
    return areArraysUnchanged(this.#arrays, this.#lengths, this.#elements) && this.#areDatesUnchanged();
  }

  #areDatesUnchanged(): boolean {
    return this.#dates.every((date, i) => {
      return getPrototypeOf(date) === NativeDate.prototype && Object.is(timeOf(date), this.#times[i]);
    });
  }
}

function timeOf(date: Date): number {
  return NativeDate.prototype.getTime.call(date);
}

/** Returns true if a value may be part of followed data; an object must still be checked itself. */
function isFollowed(value: unknown, seen: Set<object>): boolean {
  if (typeof value === 'object' && value !== null) seen.add(value);
  return typeof value !== 'function' && typeof value !== 'symbol';
}

/** `for … in` shows the own enumerable properties in their order, as the encoder sees them; what a prototype adds is one key too many. */
function areObjectsUnchanged({ keys, objects, values }: Group): boolean {
  const { prototype } = Object;
  const { length } = keys;
  let at = 0;
  for (let i = 0; i < objects.length; i++) {
    const object = objects[i] as Record<string, unknown>;
    if (getPrototypeOf(object) !== prototype) return false;
    let k = 0;
    for (const key in object) {
      if (key !== keys[k++]) return false;
      const now = object[key];
      const then = values[at++];
      if ((now !== then || now === 0) && !Object.is(now, then)) return false;
    }
    if (k !== length) return false;
  }
  return true;
}

function areArraysUnchanged(arrays: unknown[][], lengths: number[], elements: unknown[]): boolean {
  const { prototype } = Array;
  let at = 0;
  for (let i = 0; i < arrays.length; i++) {
    const array = arrays[i] as unknown[];
    const length = lengths[i] as number;
    if (getPrototypeOf(array) !== prototype || array.length !== length) return false;
    for (let n = 0; n < length; n++) {
      const now = array[n];
      const then = elements[at++];
      if ((now !== then || now === 0) && !Object.is(now, then)) return false;
      if (now === undefined && !hasOwn(array, n)) return false;
    }
    // The values of properties that are no elements come on top.
    if (length <= FEW ? valuesOf(array).length !== length : hasNamedProperties(array)) return false;
  }
  return true;
}
