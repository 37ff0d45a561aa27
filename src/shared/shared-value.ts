import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word, word64 } from '../memory/struct.ts';
import type { Lock } from '../sync/lock.ts';
import { checkGuardOptions, type GuardOptions, guardOf, initGuard, releaseGuard } from './guarding-lock.ts';
import {
  checkScalar,
  isWithin,
  kindInWords,
  type Scalar,
  type ScalarArrays,
  type ScalarKind,
  type ScalarValue,
  scalarCode,
  scalarKind,
} from './scalar.ts';

const { at: field, words: WORDS } = objectStruct({
  /** The code of its kind of number; the maker writes it once. */
  type: word,
  /** See guarding-lock.ts; the first member that uses the lock writes it once. */
  lock: word,
  /** The number itself, on a cache line of its own; any member writes it, in one store. */
  value: line(word64),
});

defineKind(kinds.SHARED_VALUE, {
  make: () => SharedValue,
  destroy: (family, offset) => {
    releaseGuard(family, family.heap.words(offset), wordIndex(offset) + field.lock);
  },
});

/**
 * One number that all processes of the family see. Reading and assigning need no lock, and the number is never torn. `value += 1` reads
 * and then assigns, and another process may assign in between: use `add`, or hold `getLock()`.
 *
 * A number out of the range of the type throws a `RangeError`, a value of another JavaScript type a `TypeError`. `'bigint64'` and
 * `'biguint64'` hold bigints.
 *
 * @example
 * import { Process, SharedValue } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const counter = new SharedValue('int32');
 * const workers = [1, 2].map(() => new Process({ target: () => { for (let i = 0; i < 1000; i++) counter.add(1); } }));
 * for (const worker of workers) worker.start();
 * for (const worker of workers) await worker.join();
 * assert.equal(counter.value, 2000);
 */
export class SharedValue<K extends Scalar = Scalar> extends SharedObject {
  readonly #kind: ScalarKind;
  /** One element: the number in the heap. Users never get this array, so that `close()` can release the memory at once. */
  readonly #cell: ScalarArrays[Scalar];

  /** `initial` is 0 by default. */
  constructor(type: K, initial?: ScalarValue<K>, options?: GuardOptions);
  /** @internal */
  constructor(existing: Existing);
  constructor(type: K | Existing, initial?: ScalarValue<K>, options?: GuardOptions) {
    super(kinds.SHARED_VALUE, type instanceof Existing ? type : wordsFor(type, initial, options), options);
    const { family, offset } = locate(this);
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (!(type instanceof Existing)) {
      words[at + field.type] = scalarCode(type);
      initGuard(family, words, at + field.lock, options);
    }
    this.#kind = scalarKind(words[at + field.type] as number);
    this.#cell = new this.#kind.Array(words.buffer as ArrayBuffer, words.byteOffset + (at + field.value) * 4, 1);
    if (initial !== undefined) this.#cell[0] = initial;
  }

  /** The number. */
  get value(): ScalarValue<K> {
    this.assertOpen();
    // SYNC(shared-value): sees what the process that assigned it wrote before.
    return (this.#kind.isWhole ? Atomics.load(this.#cell as Int32Array, 0) : this.#cell[0]) as ScalarValue<K>;
  }

  set value(value: ScalarValue<K>) {
    this.assertOpen();
    checkScalar(this.#kind, value, 'value');
    // SYNC(shared-value): as above.
    if (this.#kind.isWhole) Atomics.store(this.#cell as Int32Array, 0, value as number);
    else this.#cell[0] = value;
  }

  /**
   * Adds an integer, which may be negative, in one atomic step; returns the new value. Throws a `RangeError` and changes nothing if the
   * sum does not fit. Not for floats: for them hold `getLock()`.
   */
  add(n: K extends 'float32' | 'float64' ? never : ScalarValue<K>): ScalarValue<K> {
    this.assertOpen();
    const kind = this.#kind;
    if (!kind.isWhole)
      throw new TypeError(`add() is for whole numbers, not for ${kindInWords(kind)}: assign with its lock held`);
    checkTerm(kind, n);
    const cell = this.#cell as Int32Array;
    let seen = Atomics.load(cell, 0);
    for (;;) {
      const sum = seen + (n as number);
      if (!isWithin(kind, sum)) throw new RangeError(`${seen} + ${n} does not fit into ${kindInWords(kind)}`);
      // SYNC(shared-value): as above.
      const found = Atomics.compareExchange(cell, 0, seen, sum);
      if (found === seen) return sum as ScalarValue<K>;
      seen = found;
    }
  }

  /** Returns the lock of the value, the same one in every process. Throws a `StateError` if the value was made with `lock: false`. */
  getLock(): Lock {
    const { family, offset } = locate(this);
    return guardOf(family, family.heap.words(offset), wordIndex(offset) + field.lock);
  }
}

/** Checks the arguments, and returns the words of the object. */
function wordsFor(type: unknown, initial: unknown, options: GuardOptions | undefined): number {
  const kind = scalarKind(scalarCode(type));
  if (initial !== undefined) checkScalar(kind, initial, 'an initial value');
  checkGuardOptions(options);
  return WORDS;
}

/** Throws unless `n` may be added to a number of this kind. */
function checkTerm(kind: ScalarKind, n: unknown): void {
  const sort = typeof kind.min;
  if (typeof n !== sort) throw new TypeError(`n must be a ${sort} for ${kindInWords(kind)}, not ${typeof n}`);
  if (sort === 'number' && !Number.isInteger(n)) throw new RangeError(`n must be a whole number, not ${n}`);
}
