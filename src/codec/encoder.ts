import { types } from '../engine/builtins.ts';
import { hasNamedProperties, namedKeys } from './array-properties.ts';
import { writeBigint } from './bigints.ts';
import { isOfFamily, SentBuffers } from './buffer-table.ts';
import { exactKind, inheritedKind } from './builtin-values.ts';
import { type Capture, standInFor } from './captured-contents.ts';
import { registerClassInstances } from './class-instance.ts';
import { extensionFor, type Reach, type Registered, reach, type ValueWriter } from './extension.ts';
import { registerKeys } from './key-extension.ts';
import { type Message, MessageWriter, readOrSentence } from './message-writer.ts';
import { contentsOf, MANY, NumberChunk, writeDoubles, writeInts } from './number-arrays.ts';
import { ELEMENT, MAP_VALUE, NTH_KEY, NTH_VALUE, PROPERTY } from './path.ts';
import { refusalOf } from './refusals.ts';
import {
  ARRAY,
  ARRAY_BUFFER,
  ARRAY_WITH_PROPERTIES,
  DICTIONARY,
  DOUBLE_ARRAY,
  EXTENSION,
  INT_ARRAY,
  MAP,
  NULL,
  SET,
  SHAPE,
  SHAPE_AGAIN,
  UNDEFINED,
  VIEW,
} from './tags.ts';
import { isDetached, writeView } from './view-values.ts';

registerKeys();
registerClassInstances();

const SYMBOL = 'a symbol cannot be sent';

const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as () => number;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')?.get as () => number;

/**
 * Turns values into bytes. One encoder builds one message at a time: while a hook or getter may run, take another
 * (`encoders`).
 */
export class Encoder extends MessageWriter implements ValueWriter {
  #busy = false;
  #chunk: NumberChunk | undefined;

  /**
   * Encodes `value`. Paths in errors begin with `root`, such as `args`. Throws `SerializationError` if a value cannot be
   * sent, and passes errors of the value's getters and hooks on. After any failure the encoder is ready for the next value. `far` says
   * who will read the message. A `tuple` is an array that has elements only; looking for other properties would take 1 µs.
   */
  encode(value: unknown, root: string, far: Reach = reach.FAMILY, isTuple = false): Message {
    if (this.#busy) throw new Error('This encoder is in the middle of another message.');
    this.#busy = true;
    this.begin(root, far);
    try {
      if (isTuple) this.#tuple(value as readonly unknown[]);
      else this.write(value);
      this.finish();
      return this;
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.#busy = false;
      this.end();
    }
  }

  /**
   * Encodes the content of a variable, as for a function that captured it. `isItself` means that the value is written itself. `needs` collects
   * the variables that the content names.
   */
  encodeContent(value: unknown, isItself: boolean, root: string, capture: Capture, needs: Set<object>): Message {
    this.captured = true;
    this.capture = capture;
    this.needs = needs;
    if (isItself) this.content = value;
    try {
      return this.encode(value, root);
    } finally {
      this.needs = undefined;
      this.content = undefined;
    }
  }

  /** Writes one value, tag included. */
  write(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.number(value);
        return;
      case 'string':
        this.string(value);
        return;
      case 'boolean':
        this.boolean(value);
        return;
      case 'undefined':
        this.byte(UNDEFINED);
        return;
      case 'object':
        if (value === null) this.byte(NULL);
        else if (this.salvaging) this.#salvage(value);
        else this.#object(value);
        return;
      case 'bigint':
        writeBigint(value, this);
        return;
      case 'function':
        if (this.salvaging) this.#salvage(value);
        else this.#function(value);
        return;
      default:
        if (this.salvaging) this.#salvage(value);
        else this.refuse(SYMBOL);
    }
  }

  /** Writes an object, function or symbol, or the reason why it cannot be sent. Has the closures that `write` does without. */
  #salvage(value: unknown): void {
    if (typeof value === 'symbol') this.orSentence(() => this.refuse(SYMBOL));
    else if (typeof value === 'function') this.orSentence(() => this.#function(value));
    else if (this.isNearError()) this.orSentence(() => this.#object(value as object));
    else this.#object(value as object);
  }

  #object(value: object): void {
    if (this.captured && this.#isStoodFor(value)) return;
    if (this.met(value)) return;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#plain(value as Record<string, unknown>);
    else if (Array.isArray(value)) {
      if (prototype === Array.prototype || !this.#extended(value)) this.#array(value);
    } else if (!this.#knownClass(value, prototype as object | null)) this.#instance(value);
  }

  /** Writes the replacement of a value, if it has one. */
  #isStoodFor(value: object): boolean {
    if (this.reach !== reach.FAMILY || value === this.content) return false;
    const standIn = standInFor(value);
    if (standIn === undefined) return false;
    this.#object(standIn);
    return true;
  }

  /** Writes an object whose prototype is that of a built-in class. */
  #knownClass(value: object, prototype: object | null): boolean {
    if (prototype === null) return false;
    if (prototype === Map.prototype && types.isMap(value)) this.#map(value);
    else if (prototype === Set.prototype && types.isSet(value)) this.#set(value);
    else if (prototype === Buffer.prototype && ArrayBuffer.isView(value)) this.#view(value);
    else {
      const kind = exactKind(value, prototype);
      if (kind === undefined) return false;
      this.byte(kind.tag);
      this.nested(() => kind.write(value, this));
    }
    return true;
  }

  /** Writes any other object: one of an extension, one that extends a built-in class, or an instance of an unknown class. */
  #instance(value: object): void {
    if (ArrayBuffer.isView(value)) {
      const builtin = Object.getPrototypeOf(Object.getPrototypeOf(value));
      const plain = builtin === Object.getPrototypeOf(Uint8Array.prototype) || builtin === Object.prototype;
      if (plain || !this.#extended(value)) this.#view(value);
      return;
    }
    if (types.isSharedArrayBuffer(value) && !(this.reach === reach.FAMILY && isOfFamily(value)))
      this.refuse('a SharedArrayBuffer cannot leave its process; use a SharedArray');
    if (types.isAnyArrayBuffer(value)) this.#arrayBuffer(value as ArrayBuffer);
    else if (!this.#extended(value)) this.#foreign(value);
  }

  /** Writes an object as the built-in class that it extends, or as a plain object. */
  #foreign(value: object): void {
    if (types.isMap(value)) this.#map(value);
    else if (types.isSet(value)) this.#set(value);
    else {
      const kind = inheritedKind(value);
      if (kind !== undefined) {
        this.byte(kind.tag);
        this.nested(() => kind.write(value, this));
        return;
      }
      const refusal = refusalOf(value);
      if (refusal !== undefined) this.refuse(refusal);
      this.#plain(value as Record<string, unknown>);
    }
  }

  #function(value: object): void {
    if (!this.met(value) && !this.#extended(value)) this.refuse('a function cannot be sent here');
  }

  #extended(value: object): boolean {
    const registered = extensionFor(value, this);
    if (registered === undefined) return false;
    const { extension, forms } = registered;
    if (registered.reach < this.reach) this.#refuseSoFar(registered, value);
    this.byte(EXTENSION);
    this.byte(extension.id);
    this.forms = forms;
    const salvaging = this.salvaging;
    this.salvaging = false;
    this.nested(() => extension.write(value, this));
    this.salvaging = salvaging;
    return true;
  }

  #refuseSoFar(registered: Registered, value: object): never {
    if (registered.reach === reach.TRUSTED) {
      this.refuse('functions and instances cross only between ends that have shown that they have the same authKey');
    }
    if (registered.extension.beyond !== undefined) this.refuse(registered.extension.beyond);
    const name = typeof value === 'function' ? 'Wrapped' : value.constructor.name;
    this.refuse(
      `${name} objects should only be shared between processes through inheritance, and the other end may be of another family`,
    );
  }

  #plain(value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    const shape = this.shapes.of(keys);
    if (shape === undefined) {
      this.byte(DICTIONARY);
      this.#properties(value, keys);
      return;
    }
    if (shape.epoch === this.epoch) {
      this.byte(SHAPE_AGAIN);
      this.uint(shape.index);
    } else {
      shape.epoch = this.epoch;
      shape.index = this.shapeCount++;
      this.byte(SHAPE);
      this.raw(shape.spelling);
    }
    const depth = this.enter(PROPERTY);
    for (let i = 0; i < keys.length; i++) {
      const key = (this.steps[depth] = keys[i] as string);
      this.#property(value, key);
    }
    this.depth--;
  }

  #properties(value: Record<string, unknown>, keys: readonly string[]): void {
    this.uint(keys.length);
    const depth = this.enter(PROPERTY);
    for (const key of keys) {
      this.steps[depth] = key;
      this.string(key);
      this.#property(value, key);
    }
    this.depth--;
  }

  #property(value: Record<string, unknown>, key: string): void {
    const property = this.salvaging ? readOrSentence(value, key) : value[key];
    if (property === undefined && !Object.hasOwn(value, key)) this.holes(1);
    else this.write(property);
  }

  #tuple(array: readonly unknown[]): void {
    this.identities.find(array);
    this.#array(array, false);
  }

  #array(array: readonly unknown[], named = hasNamedProperties(array)): void {
    const { length } = array;
    if (!named && length >= MANY && this.#numbers(array)) return;
    this.byte(named ? ARRAY_WITH_PROPERTIES : ARRAY);
    this.uint(length);
    const depth = this.enter(ELEMENT);
    for (let i = 0; i < length; i++) {
      this.steps[depth] = i;
      const element = array[i];
      if (element === undefined && !Object.hasOwn(array, i)) {
        this.#sparse(array, i, length);
        break;
      }
      this.write(element);
    }
    this.depth--;
    if (named) this.#properties(array as unknown as Record<string, unknown>, namedKeys(array));
  }

  /** Writes an array of numbers only. Returns false if the array has other elements. */
  #numbers(array: readonly unknown[]): boolean {
    const contents = contentsOf(array);
    if (contents === 'others') return false;
    this.#chunk ??= new NumberChunk();
    this.byte(contents === 'ints' ? INT_ARRAY : DOUBLE_ARRAY);
    if (contents === 'ints') writeInts(array as readonly number[], this, this.#chunk);
    else writeDoubles(array as readonly number[], this, this.#chunk);
    return true;
  }

  /** Writes the rest of an array from its first hole on. */
  #sparse(array: readonly unknown[], start: number, length: number): void {
    let next = start;
    for (const key of Object.keys(array)) {
      const i = Number(key);
      if (!(i >= next && i < length && String(i) === key)) continue;
      const element = array[i];
      if (element === undefined && !Object.hasOwn(array, i)) continue;
      if (i > next) this.#missing(i - next);
      this.steps[this.depth] = i;
      this.write(element);
      next = i + 1;
    }
    if (next < length) this.#missing(length - next);
  }

  #missing(count: number): void {
    if (this.reach !== reach.FAMILY && !this.claims.holes(count)) {
      this.refuse(
        'an array with that many missing elements cannot be sent through a socket; send a Map of its elements',
      );
    }
    this.holes(count);
  }

  #map(map: Map<unknown, unknown>): void {
    const size = mapSize.call(map);
    this.byte(MAP);
    const at = this.word(size);
    const depth = this.enter(NTH_KEY);
    let n = 0;
    for (const [key, value] of mapEntries.call(map)) {
      if (n >= size) break; // a getter adds to the map
      this.kinds[depth] = NTH_KEY;
      this.steps[depth] = n;
      this.write(key);
      const nameable = typeof key === 'string' || typeof key === 'number';
      this.kinds[depth] = nameable ? MAP_VALUE : NTH_VALUE;
      if (nameable) this.steps[depth] = key;
      this.write(value);
      n++;
    }
    this.depth--;
    if (n < size) this.view.setUint32(at, n, true);
  }

  #set(set: Set<unknown>): void {
    const size = setSize.call(set);
    this.byte(SET);
    const at = this.word(size);
    const depth = this.enter(NTH_VALUE);
    let n = 0;
    for (const value of setValues.call(set)) {
      if (n >= size) break; // a getter adds to the set
      this.steps[depth] = n++;
      this.write(value);
    }
    this.depth--;
    if (n < size) this.view.setUint32(at, n, true);
  }

  #view(view: ArrayBufferView): void {
    const { buffer } = view;
    if (types.isSharedArrayBuffer(buffer) && !isOfFamily(buffer)) {
      this.refuse('its SharedArrayBuffer cannot leave its process; use a SharedArray');
    }
    if (isDetached(buffer as ArrayBuffer)) this.refuse('its ArrayBuffer was transferred elsewhere');
    this.byte(VIEW);
    writeView(view, this, (this.buffers ??= new SentBuffers()));
  }

  #arrayBuffer(buffer: ArrayBuffer): void {
    if (isDetached(buffer)) this.refuse('the ArrayBuffer was transferred elsewhere');
    this.byte(ARRAY_BUFFER);
    this.uint((this.buffers ??= new SentBuffers()).whole(buffer));
  }

  // What extensions write with: see ValueWriter.

  value(value: unknown, key: string): void {
    this.steps[this.depth] = key;
    this.write(value);
  }
}
