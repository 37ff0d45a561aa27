import { registerDestroyer } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import {
  discardParcel,
  parcelWords,
  readAttachments,
  surrenderParcel,
  viewParcel,
  writeParcel,
} from '../ring/parcel.ts';
import { pack, unpackShared } from './transport.ts';

/** The number of this kind among shared objects. */
export const SHARED_KIND = 58;

/** Words, behind those of every shared object: the granule of the block with the encoded value, written once. */
const field = { block: 2, words: 16 } as const;

registerDestroyer(SHARED_KIND, (family, offset) => {
  const block = (family.heap.words(offset)[wordIndex(offset) + field.block]! >>> 0) * GRANULE;
  // 0 where the value could not be encoded.
  if (block === 0) return;
  discardParcel(family, readAttachments(family.heap.words(block), wordIndex(block)));
  family.allocator.free(block);
});

/** What `share` answers: a value that stands encoded in the heap, for any number of tasks and processes to take a copy of. */
export class Shared<T> extends SharedObject {
  #copy: { readonly value: T } | undefined;

  /** @internal */
  constructor(make: { readonly value: T } | Existing) {
    super(SHARED_KIND, make instanceof Existing ? make : field.words);
    if (make instanceof Existing) return;
    const { family, offset } = locate(this);
    try {
      const parcel = pack(family, make.value, 'value');
      const block = family.allocator.allocate(parcelWords(parcel) * 4, 0);
      writeParcel(family, block, wordIndex(block), parcel);
      surrenderParcel(family, parcel);
      family.heap.words(offset)[wordIndex(offset) + field.block] = block / GRANULE;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The value, as it was when it was shared: decoded at the first use, one copy for each process. To change it changes that copy only. */
  get value(): T {
    this.assertOpen();
    if (this.#copy === undefined) {
      const { family, offset } = locate(this);
      const block = (family.heap.words(offset)[wordIndex(offset) + field.block]! >>> 0) * GRANULE;
      const { parcel, start } = viewParcel(family, block);
      this.#copy = { value: unpackShared(family, parcel, start) as T };
    }
    return this.#copy.value;
  }

  /** Lets go of it in this process. */
  override close(): void {
    this.#copy = undefined;
    super.close();
  }
}

/**
 * Encodes a value once, for any number of tasks: what is sent with each of them is its place, and each process decodes it once. Throws a
 * `SerializationError` for what cannot be sent. For a single task pass the value itself; for numbers in bulk take a `SharedArray`, of which nothing is copied.
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
