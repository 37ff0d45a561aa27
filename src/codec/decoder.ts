import { SerializationError } from '../contracts/errors.ts';
import { isIndex, stretch } from './array-properties.ts';
import { readBigint } from './bigints.ts';
import { type ReceivedBuffer, readBuffers } from './buffer-table.ts';
import { kindByTag } from './builtin-values.ts';
import { ByteReader } from './byte-reader.ts';
import { Claims } from './claims.ts';
import { registerClassInstances } from './class-instance.ts';
import { extensionById, type Form, type Reach, reach, type ValueReader } from './extension.ts';
import { isFarIndex, keepSparse } from './far-indices.ts';
import { registerKeys } from './key-extension.ts';
import { readDoubles, readInts } from './number-arrays.ts';
import { defineProperty } from './own-property.ts';
import { NumberedShapes, type ReceivedShape, ReceivedShapes } from './shapes.ts';
import {
  ARRAY,
  ARRAY_BUFFER,
  ARRAY_WITH_PROPERTIES,
  BIGINT,
  BIGINT64,
  DICTIONARY,
  DOUBLE_ARRAY,
  ERROR,
  EXTENSION,
  FALSE,
  FLOAT64,
  HAS_BUFFERS,
  HAS_REFERENCES,
  HEADER,
  HOLES,
  INT_ARRAY,
  INT16,
  INT32,
  LATIN1,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  NULL,
  REFERENCE,
  SET,
  SHAPE,
  SHAPE_AGAIN,
  SMALL_INT,
  TRUE,
  UNDEFINED,
  UTF16,
  VIEW,
} from './tags.ts';
import { readView } from './view-values.ts';

registerKeys();
registerClassInstances();

/** Stands for an object whose reading has begun but that does not exist yet. */
const UNBORN = Symbol('unborn');
const NO_BUFFERS: readonly ReceivedBuffer[] = [];

/** Turns bytes back into values. One decoder reads one message at a time: while a hook may run, take another (`decoders`). */
export class Decoder extends ByteReader implements ValueReader {
  reach: Reach = reach.FAMILY;
  readonly claims = new Claims();
  #busy = false;
  #depth = 0;
  /** True if objects are numbered, which only references need. */
  #numbered = false;
  #objects: unknown[] = [];
  /** The number of the object that an extension is reading. */
  #current = -1;
  readonly #cache = new ReceivedShapes();
  #shapes = new NumberedShapes();
  #buffers: readonly ReceivedBuffer[] = NO_BUFFERS;
  #handles: readonly number[] | Uint32Array = [];

  /**
   * Decodes the message of `length` bytes at `offset`. `blobs` returns the payloads that were sent beside it, which become part of
   * the value without a copy; `handles` are the message's. Throws a `SerializationError` if the bytes are not a complete message, and never takes
   * more memory than the bytes could fill. Passes errors of extensions and decode hooks on. `far` says who may have written the message:
   * a kind that may not come from there is refused before it is read. `began` is called with the object while it is read.
   */
  decode(
    bytes: Uint8Array,
    offset: number,
    length: number,
    blobs: (index: number) => ArrayBuffer,
    handles: readonly number[] | Uint32Array,
    far: Reach,
    began?: (root: () => object | undefined) => void,
  ): unknown {
    if (this.#busy) throw new Error('This decoder is in the middle of another message.');
    this.#busy = true;
    this.reach = far;
    this.claims.restart();
    try {
      this.over(bytes, offset, length);
      this.#handles = handles;
      const header = this.byte();
      if ((header & 0xf0) !== HEADER) this.corrupt('it is in an unknown format');
      this.#numbered = (header & HAS_REFERENCES) !== 0 || began !== undefined;
      began?.(rootOf(this.#objects));
      if ((header & HAS_BUFFERS) !== 0) this.#readTable(offset, blobs);
      const value = this.read();
      if (this.position !== this.end) this.corrupt('something follows its value');
      return value;
    } catch (error) {
      throw error instanceof RangeError ? this.#explain(error) : error;
    } finally {
      this.#busy = false;
      this.#forget();
    }
  }

  #forget(): void {
    this.#depth = 0;
    if (this.#objects.length > 0) this.#objects = [];
    if (this.#shapes.count > 0) {
      this.#shapes.clear();
      this.#cache.restart();
    }
    this.#buffers = NO_BUFFERS;
  }

  #explain(error: RangeError): Error {
    if (error.message !== 'Maximum call stack size exceeded') return error;
    return new SerializationError('A received value is nested too deeply for the stack that is left.', '');
  }

  #readTable(offset: number, blobs: (index: number) => ArrayBuffer): void {
    const start = this.position;
    this.end -= 4;
    if (this.end < start) this.corrupt('it ends too early');
    const table = offset + this.view.getUint32(this.end, true);
    if (table < start || table > this.end) this.corrupt('its table of buffers is missing');
    this.position = table;
    this.#buffers = readBuffers(this, offset, blobs);
    if (this.position !== this.end) this.corrupt('something follows its table of buffers');
    this.position = start;
    this.end = table;
  }

  /** Reads one value, tag included. */
  read(): unknown {
    const tag = this.byte();
    if (tag >= SMALL_INT) return tag - SMALL_INT;
    switch (tag) {
      case UNDEFINED:
        return undefined;
      case NULL:
        return null;
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NEGATIVE:
        return -1 - this.byte();
      case INT16:
        return this.view.getInt16(this.take(2), true);
      case INT32:
        return this.view.getInt32(this.take(4), true);
      case FLOAT64:
        return this.view.getFloat64(this.take(8), true);
      case LATIN1:
        return this.latin1();
      case UTF16:
        return this.utf16();
      case REFERENCE:
        return this.#reference();
      case BIGINT64:
        return this.view.getBigInt64(this.take(8), true);
      case BIGINT:
        return readBigint(this);
    }
    if (++this.#depth > MAX_DEPTH + 1) this.corrupt('it is nested too deeply');
    const object = this.#object(tag);
    this.#depth--;
    return object;
  }

  #object(tag: number): object {
    switch (tag) {
      case SHAPE: {
        const shape = this.#cache.read(this);
        this.#shapes.add(shape);
        return this.#shaped(shape);
      }
      case SHAPE_AGAIN:
        return this.#shaped(this.#shapes.at(this.uint()) ?? this.corrupt('an unknown shape'));
      case DICTIONARY:
        return this.#properties(this.#number({}));
      case ARRAY:
        return this.#array(this.#number([]));
      case ARRAY_WITH_PROPERTIES:
        return this.#properties(this.#array(this.#number([])));
      case INT_ARRAY:
        return readInts(this, this.#number([]));
      case DOUBLE_ARRAY:
        return readDoubles(this, this.#number([]));
      case MAP:
        return this.#map(this.#number(new Map()));
      case SET:
        return this.#set(this.#number(new Set()));
      case VIEW:
        return this.#number(readView(this, this.#buffers));
      case ARRAY_BUFFER:
        return this.#number((this.#buffers[this.uint()] ?? this.corrupt('an unknown buffer')).buffer);
      default:
        return this.#special(tag);
    }
  }

  #special(tag: number): object {
    const outer = this.#current;
    if (this.#numbered) this.#current = this.#objects.push(UNBORN) - 1;
    const object = tag === EXTENSION ? this.#form().read(this) : this.#builtin(tag);
    this.remember(object);
    this.#current = outer;
    return object;
  }

  #builtin(tag: number): object {
    const kind = kindByTag(tag);
    if (kind === undefined) return this.corrupt(`an unknown kind of value (${tag})`);
    try {
      return kind.read(this);
    } catch (error) {
      // An error contains any values, whose hooks may throw; other built-in values only fail if their bytes are wrong.
      if (tag === ERROR || error instanceof SerializationError) throw error;
      return this.corrupt(String(error));
    }
  }

  /** Reads which form follows. Where the message comes from decides whether the form is read. */
  #form(): Form {
    const id = this.byte();
    const { forms } = extensionById(id) ?? this.corrupt(`this process does not know extension ${id}`);
    const form = (forms.length === 1 ? forms[0] : forms[this.uint()]) ?? this.corrupt('a form that is not known here');
    // Not `<`: a form without a reach is refused from everywhere.
    if (!(form.reach >= this.reach)) {
      this.corrupt('it holds a function, an instance or a shared object, which may not come from where it came');
    }
    return form;
  }

  #number<T extends object>(object: T): T {
    if (this.#numbered) this.#objects.push(object);
    return object;
  }

  #reference(): unknown {
    const number = this.uint();
    const object = this.#objects[number];
    if (number >= this.#objects.length) this.corrupt('a reference leads nowhere');
    if (object === UNBORN) this.corrupt('an object contains itself, and the way it is made does not allow that');
    return object;
  }

  #shaped(shape: ReceivedShape): object {
    const object: Record<string, unknown> = this.#number({});
    const { keys } = shape;
    if (shape.isSparse) keepSparse(object);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (this.bytes[this.position] === HOLES && this.#isVanished()) continue;
      const value = this.read();
      if (shape.hasProto) defineProperty(object, key, value);
      else object[key] = value;
    }
    return object;
  }

  #properties<T extends object>(object: T): T {
    const count = this.count(2);
    let isSparse = false;
    for (let i = 0; i < count; i++) {
      const key = this.string();
      if (this.bytes[this.position] === HOLES && this.#isVanished()) continue;
      const value = this.read();
      if (Array.isArray(object)) {
        if (key === 'length' || isIndex(key)) this.corrupt('an element of an array among its names');
        defineProperty(object, key, value);
      } else if (key === '__proto__') defineProperty(object, key, value);
      else {
        if (!isSparse && isFarIndex(key, count)) {
          isSparse = true;
          keepSparse(object);
        }
        (object as Record<string, unknown>)[key] = value;
      }
    }
    return object;
  }

  #isVanished(): boolean {
    this.byte();
    if (this.uint() !== 1) this.corrupt('several properties are missing');
    return true;
  }

  #array(array: unknown[]): unknown[] {
    const length = this.uint();
    if (length > 0xffffffff) this.corrupt('an array is too long');
    let i = 0;
    while (i < length && this.bytes[this.position] !== HOLES) {
      array.push(this.read());
      i++;
    }
    while (i < length) {
      if (this.position < this.end && this.bytes[this.position] === HOLES) {
        this.byte();
        const run = this.uint();
        if (run === 0 || run > length - i) this.corrupt('an array has too many holes');
        if (this.reach !== reach.FAMILY && !this.claims.holes(run)) this.corrupt('its arrays have too many holes');
        i += run;
      } else array[i++] = this.read();
    }
    if (array.length < length) stretch(array, length);
    return array;
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    for (let count = this.word(); count > 0; count--) {
      const key = this.read();
      map.set(key, this.read());
    }
    return map;
  }

  #set(set: Set<unknown>): Set<unknown> {
    for (let count = this.word(); count > 0; count--) set.add(this.read());
    return set;
  }

  // What extensions read with: see ValueReader.

  value(): unknown {
    return this.read();
  }

  uint32(): number {
    const n = this.uint();
    if (n > 0xffffffff) this.corrupt('a number is out of range');
    return n;
  }

  handle(): number {
    // A message from outside the family has no handles, whatever it says.
    if (this.reach !== reach.FAMILY) this.corrupt('it names a place in the heap, and comes from outside of the family');
    return this.#handles[this.uint()] ?? this.corrupt('a handle is missing');
  }

  remember(object: object): void {
    if (this.#numbered) this.#objects[this.#current] = object;
  }

  section<T>(read: () => T): T {
    const length = this.word();
    const outer = { numbered: this.#numbered, objects: this.#objects, current: this.#current, shapes: this.#shapes };
    const depth = this.#depth;
    const end = this.take(length) + length;
    this.position = end - length;
    const outerEnd = this.end;
    this.end = end;
    this.#numbered = (this.byte() & HAS_REFERENCES) !== 0;
    this.#objects = [];
    this.#shapes = new NumberedShapes();
    try {
      const result = read();
      if (this.position !== end) this.corrupt('a section is longer than its content');
      return result;
    } finally {
      this.position = end;
      this.end = outerEnd;
      this.#numbered = outer.numbered;
      this.#objects = outer.objects;
      this.#current = outer.current;
      this.#shapes = outer.shapes;
      // If reading the section failed, the level was not reset.
      this.#depth = depth;
    }
  }

  skipSection(): void {
    this.take(this.word());
  }
}

function rootOf(objects: readonly unknown[]): () => object | undefined {
  return () => (objects[0] === UNBORN ? undefined : (objects[0] as object | undefined));
}
