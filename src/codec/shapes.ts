/**
 * Objects with the same keys in the same order have one shape. A message spells out each of its shapes once; both sides keep the
 * shapes of earlier messages, so that the sender copies the spelling and the receiver recognises it instead of building strings.
 * Which shape comes after which repeats from message to message: each remembers its last successor, tried first.
 */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { isFarIndex } from './far-indices.ts';
import { MAX_SHAPE_KEYS } from './tags.ts';

/** Beyond this many shapes the caches start over: keys that are data must not fill the memory. */
const MAX_SHAPES = 512;
/** Spellings longer than this (bytes) are not kept. */
const MAX_SPELLING = 1024;

/** A shape as its sender knows it. */
class SentShape {
  readonly keys: readonly string[];
  /** The bytes after the tag SHAPE. */
  readonly spelling: Uint8Array;
  /** The message or section in which the shape has the number `index`. */
  epoch = -1;
  index = 0;
  next: SentShape | undefined;

  constructor(keys: readonly string[], spelling: Uint8Array) {
    this.keys = keys;
    this.spelling = spelling;
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  const n = a.length;
  if (n !== b.length) return false;
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shapes that a sender has met. */
export class SentShapes {
  readonly #known = new Map<string, SentShape>();
  readonly #start = new SentShape([], new Uint8Array(0));
  #last = this.#start;

  /** Starts a new message. */
  restart(): void {
    this.#last = this.#start;
  }

  /** Returns the shape with these keys; `undefined` if it is not worth keeping. */
  of(keys: readonly string[]): SentShape | undefined {
    const guess = this.#last.next;
    if (guess !== undefined && sameKeys(guess.keys, keys)) {
      this.#last = guess;
      return guess;
    }
    return this.#search(keys);
  }

  #search(keys: readonly string[]): SentShape | undefined {
    if (keys.length === 0 || keys.length > MAX_SHAPE_KEYS) return undefined;
    const name = keys.join('\n');
    let shape = this.#known.get(name);
    if (shape === undefined) {
      const spelling = spell(keys);
      if (spelling.length > MAX_SPELLING) return undefined;
      if (this.#known.size >= MAX_SHAPES) {
        this.#known.clear();
        this.#last = this.#start;
      }
      shape = new SentShape(keys, spelling);
      this.#known.set(name, shape);
    } else if (!sameKeys(shape.keys, keys)) return undefined;
    this.#last.next = shape;
    this.#last = shape;
    return shape;
  }
}

function spell(keys: readonly string[]): Uint8Array {
  const names = new ByteWriter();
  for (const key of keys) names.string(key);
  const spelled = names.bytes.subarray(0, names.position);
  let hash = 0x811c9dc5;
  for (const byte of spelled) hash = Math.imul(hash ^ byte, 0x01000193);
  const whole = new ByteWriter();
  whole.word(hash >>> 0);
  whole.uint(keys.length);
  whole.uint(spelled.length);
  whole.raw(spelled);
  return Uint8Array.from(whole.bytes.subarray(0, whole.position));
}

/** A shape as its receiver knows it. */
export class ReceivedShape {
  readonly keys: readonly string[];
  readonly spelling: Uint8Array;
  /** True if `__proto__` is among the keys: an assignment would set the prototype. */
  readonly hasProto: boolean;
  /** True if a key is an index far beyond the number of keys. */
  readonly isSparse: boolean;
  next: ReceivedShape | undefined;

  constructor(keys: readonly string[], spelling: Uint8Array) {
    this.keys = keys;
    this.spelling = spelling;
    this.hasProto = keys.includes('__proto__');
    this.isSparse = keys.some((key) => isFarIndex(key, keys.length));
  }

  /** Returns true if `n` bytes at `start` spell this shape. */
  isSpelled(bytes: Uint8Array, start: number, n: number): boolean {
    const own = this.spelling;
    if (n !== own.length) return false;
    for (let i = 0; i < n; i++) if (bytes[start + i] !== own[i]) return false;
    return true;
  }
}

/** The shapes of a received message, by their numbers. */
export class NumberedShapes {
  /** The first `count` are of this message. The list gets no shorter, because V8 does that in its runtime, where it takes 150 ns. */
  #list: ReceivedShape[] = [];
  count = 0;

  add(shape: ReceivedShape): void {
    this.#list[this.count++] = shape;
  }

  at(number: number): ReceivedShape | undefined {
    return number < this.count ? this.#list[number] : undefined;
  }

  clear(): void {
    if (this.count > MAX_SHAPES) this.#list = [];
    this.count = 0;
  }
}

/** The shapes that a receiver has met. */
export class ReceivedShapes {
  readonly #known = new Map<number, ReceivedShape>();
  readonly #start = new ReceivedShape([], new Uint8Array(0));
  #last = this.#start;

  /** Starts a new message. */
  restart(): void {
    this.#last = this.#start;
  }

  /** Reads a shape after the tag SHAPE. */
  read(input: ByteReader): ReceivedShape {
    const hash = input.word();
    const count = input.uint();
    const n = input.uint();
    const start = input.take(n);
    const { bytes } = input;
    const guess = this.#last.next;
    if (guess !== undefined && guess.keys.length === count && guess.isSpelled(bytes, start, n)) {
      this.#last = guess;
      return guess;
    }
    let shape = this.#known.get(hash);
    if (shape === undefined || shape.keys.length !== count || !shape.isSpelled(bytes, start, n)) {
      if (count === 0 || count > MAX_SHAPE_KEYS || n > MAX_SPELLING) input.corrupt('a shape is too large');
      const spelling = Uint8Array.from(bytes.subarray(start, start + n));
      const keys = readKeys(spelling, count);
      if (this.#known.size >= MAX_SHAPES) {
        this.#known.clear();
        this.#last = this.#start;
      }
      shape = new ReceivedShape(keys, spelling);
      this.#known.set(hash, shape);
    }
    this.#last.next = shape;
    this.#last = shape;
    return shape;
  }
}

/** An object's key is looked up faster when it is the engine's own copy of the string, as a key of an object is. */
function readKeys(spelling: Uint8Array, count: number): string[] {
  const input = new ByteReader();
  input.over(spelling, 0, spelling.length);
  const keys: string[] = [];
  for (let i = 0; i < count; i++) keys.push(input.string());
  if (input.position !== input.end) input.corrupt('a shape has too many keys');
  const interned: Record<string, true> = Object.create(null);
  for (const key of keys) interned[key] = true;
  const order = new Map(Object.keys(interned).map((key) => [key, key]));
  return keys.map((key) => order.get(key) as string);
}
