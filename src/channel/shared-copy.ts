import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { dropValue, readValue, storeValue } from './stored-value.ts';

/** The words: a block with the encoded value; the maker writes it once. */
const { at: field, words: WORDS } = objectStruct({ block: word, rest: line(words(0)) });

// There is no block if the value could not be encoded.
defineKind(kinds.SHARED, {
  make: () => Shared,
  destroy: (family, offset) => dropValue(family, offset + field.block * 4),
});

/** The result of `share`: a value that is encoded in the heap. Any number of tasks and processes can take a copy of it. */
export class Shared<T> extends SharedObject {
  #copy: { readonly value: T } | undefined;

  /** @internal */
  constructor(make: { readonly value: T } | Existing) {
    super(kinds.SHARED, make instanceof Existing ? make : WORDS);
    if (make instanceof Existing) return;
    const { family, offset } = locate(this);
    try {
      storeValue(family, make.value, 'value', offset + field.block * 4);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The value, as it was when it was shared. Decoded at its first use, once in each process; a change affects only the copy of this process. */
  get value(): T {
    this.assertOpen();
    if (this.#copy === undefined) {
      const { family, offset } = locate(this);
      this.#copy = { value: readValue(family, offset + field.block * 4) as T };
    }
    return this.#copy.value;
  }

  /** Ends the use of this object in this process. */
  override close(): void {
    this.#copy = undefined;
    super.close();
  }
}

/**
 * Encodes a value once, for any number of tasks. Each task is sent only the place of the value, and each process decodes it once. Throws
 * a `SerializationError` if the value cannot be sent. For a single task, pass the value itself. For many numbers, use a `SharedArray`,
 * which is not copied.
 *
 * @example
 * import { Pool, share } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const prices = share(new Map([['pear', 3], ['plum', 2]]));
 * await using pool = new Pool(2);
 * const sums = await pool.map((name) => prices.value.get(name), ['pear', 'plum']);
 * assert.deepEqual(sums, [3, 2]);
 */
export function share<T>(value: T): Shared<T> {
  return new Shared<T>({ value });
}
