import { MAX_PAYLOAD } from '../memory/allocator.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind, releaseObject, retainObject } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { objectStruct, word } from '../memory/struct.ts';
import type { Lock } from '../sync/lock.ts';
import { checkGuardOptions, type GuardOptions, guardOf, initGuard, releaseGuard } from './guarding-lock.ts';
import {
  checkScalar,
  type Scalar,
  type ScalarArrays,
  type ScalarKind,
  type ScalarValue,
  scalarCode,
  scalarKind,
} from './scalar.ts';
import { SharedBytes } from './shared-bytes.ts';

const { at: field, words: WORDS } = objectStruct({
  /** The code of its kind of number; the maker writes it once. */
  type: word,
  /** See guarding-lock.ts; the first member that uses the lock writes it once. */
  lock: word,
  /** Granule of its `SharedBytes`, 0 until it has them; the maker writes it once. */
  bytes: word,
  /** The number of items; the maker writes it once. */
  length: word,
});

defineKind(kinds.SHARED_ARRAY, {
  make: () => SharedArray,
  destroy: (family, offset) => {
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    releaseGuard(family, words, at + field.lock);
    const granule = words[at + field.bytes] as number;
    if (granule !== 0) releaseObject(family, placeOf(granule));
  },
});

/** The checked arguments of a new array. */
interface Plan<K extends Scalar> {
  readonly code: number;
  readonly length: number;
  readonly items: ArrayLike<ScalarValue<K>> | undefined;
}

/**
 * Numbers that all processes of the family see. `view` is a typed array over the shared bytes themselves, with full speed. A slice of it
 * (`view.subarray`) is one too, even after it was sent: a task that sorts or sums a slice in place copies nothing.
 *
 * An array of a length holds zeros. Items must be in the range of the type (`RangeError`). Numbers that are assigned through `view` are
 * reduced to the range by JavaScript, as in any typed array. Nothing is locked automatically: give each process a part of its own, or
 * hold `getLock()`. The limit is 1 GiB. The memory stays as long as any process has the array or a view of it.
 *
 * @example
 * import { Pool, SharedArray } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const squares = new SharedArray('float64', 1000);
 * await using pool = new Pool(2);
 * await pool.mapChunks((part: Float64Array, start) => {
 *   for (let i = 0; i < part.length; i++) part[i] = (start + i) ** 2;
 * }, squares.view);
 * assert.equal(squares.view[999], 998001);
 */
export class SharedArray<K extends Scalar = Scalar> extends SharedObject {
  readonly #kind: ScalarKind;
  readonly #length: number;
  #bytes: SharedBytes | undefined;
  #view: ScalarArrays[K] | undefined;

  /** Makes an array of zeros of a length, or an array of these numbers. */
  constructor(type: K, sizeOrItems: number | Iterable<ScalarValue<K>>, options?: GuardOptions);
  /** @internal */
  constructor(existing: Existing);
  constructor(type: K | Existing, sizeOrItems?: number | Iterable<ScalarValue<K>>, options?: GuardOptions) {
    const plan = type instanceof Existing ? undefined : planFor(type, sizeOrItems, options);
    super(kinds.SHARED_ARRAY, type instanceof Existing ? type : WORDS, options);
    const { family, offset } = locate(this);
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (plan !== undefined) {
      words[at + field.type] = plan.code;
      words[at + field.length] = plan.length;
      initGuard(family, words, at + field.lock, options);
      this.#bytes = this.#makeBytes(plan);
      const bytes = locate(this.#bytes).offset;
      // Counted before it can be found: if this member is killed in between, the bytes are never freed.
      retainObject(family, bytes);
      words[at + field.bytes] = granuleOf(bytes);
    } else this.#bytes = SharedBytes.at(placeOf(words[at + field.bytes]!));
    this.#kind = scalarKind(words[at + field.type] as number);
    this.#length = words[at + field.length] as number;
    if (plan?.items !== undefined) (this.view as Float64Array).set(plan.items as ArrayLike<number>);
  }

  #makeBytes({ code, length }: Plan<K>): SharedBytes {
    try {
      return new SharedBytes(length * scalarKind(code).bytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A typed array over the shared bytes, the same one each time. A view stays valid when the array is closed. */
  get view(): ScalarArrays[K] {
    this.assertOpen();
    if (this.#view === undefined) {
      const { buffer, start } = (this.#bytes as SharedBytes).place;
      this.#view = new this.#kind.Array(buffer as ArrayBuffer, start, this.#length) as ScalarArrays[K];
    }
    return this.#view;
  }

  /** The number of items. */
  get length(): number {
    this.assertOpen();
    return this.#length;
  }

  /** Returns the lock of the array, the same one in every process. Throws a `StateError` if the array was made with `lock: false`. */
  getLock(): Lock {
    const { family, offset } = locate(this);
    return guardOf(family, family.heap.words(offset), wordIndex(offset) + field.lock);
  }

  /** Iterates over the numbers in order; each is read when it is reached. */
  [Symbol.iterator](): IterableIterator<ScalarValue<K>> {
    return (this.view as unknown as Iterable<ScalarValue<K>>)[Symbol.iterator]() as IterableIterator<ScalarValue<K>>;
  }

  /** Ends the use of the array in this process. Existing views go on showing the shared bytes. */
  override close(): void {
    this.#bytes = undefined;
    this.#view = undefined;
    super.close();
  }
}

function planFor<K extends Scalar>(
  type: K,
  sizeOrItems: number | Iterable<ScalarValue<K>> | undefined,
  options: GuardOptions | undefined,
): Plan<K> {
  const code = scalarCode(type);
  checkGuardOptions(options);
  const kind = scalarKind(code);
  const items = typeof sizeOrItems === 'number' ? undefined : listOf(kind, sizeOrItems);
  const length = (items as { length: number } | undefined)?.length ?? (sizeOrItems as number);
  if (!Number.isInteger(length) || length < 0) {
    throw new RangeError(`a length must be a whole number, 0 or more, not ${length}`);
  }
  if (length * kind.bytes > MAX_PAYLOAD) {
    const most = Math.floor(MAX_PAYLOAD / kind.bytes);
    throw new RangeError(
      `a SharedArray holds at most ${most} numbers of type ${kind.name}, not ${length}: use several`,
    );
  }
  return { code, length, items: items as ArrayLike<ScalarValue<K>> | undefined };
}

function listOf(kind: ScalarKind, items: unknown): ArrayLike<unknown> {
  // Items of the same type need no check.
  if (items instanceof kind.Array) return items as ArrayLike<unknown>;
  const isIterable = typeof (items as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function';
  if (!isIterable) throw new TypeError(`a SharedArray is made of a length or of its items, not of ${String(items)}`);
  const list = Array.from(items as Iterable<unknown>);
  for (const [i, item] of list.entries()) checkScalar(kind, item, `item ${i}`);
  return list;
}
