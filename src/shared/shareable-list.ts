import { assertOptions } from '../contracts/options.ts';
import { type ShareableItem, ShareableLayout } from './shareable-layout.ts';
import { SharedMemory, segmentOf } from './shared-memory.ts';

/** The shared memory of a list that was sent to this process. */
export class Attached {
  readonly shm: SharedMemory;
  constructor(shm: SharedMemory) {
    this.shm = shm;
  }
}

/**
 * A list of fixed length in named shared memory: numbers, bigints, booleans, strings, Uint8Arrays and null. Python's
 * `ShareableList(name=…)` is the same list. Each item can be replaced by an item of any kind. A text or bytes must fit into the size of
 * the first item, rounded up to a multiple of eight (`RangeError`). A value that is read is a copy: assign the item again to change it.
 *
 * Nothing is locked: an item that one process reads while another writes it may be torn. The name is `shm.name`; `shm.unlink()` removes
 * it.
 *
 * An integer number is Python's int, any other number a float. A bigint is an int of 64 bits and is read as a bigint. An int that Python
 * has assigned, or that is in a list made by Python, is read as a number up to 2 ** 53 and as a bigint beyond.
 *
 * @example
 * import { ShareableList } from 'multiproc/shared-memory';
 * import assert from 'node:assert';
 *
 * using list = new ShareableList(['howdy', 273.15, 100, true, null]);
 * using same = ShareableList.attach(list.shm.name); // as another program would
 * same[2] = 'text';
 * assert.deepEqual([...list], ['howdy', 273.15, 'text', true, null]);
 * list.shm.unlink();
 */
export class ShareableList<T = ShareableItem> implements Iterable<T> {
  /** The item at an index. Assigning to an index outside the list throws a `RangeError`. */
  [index: number]: T;

  /** The shared memory of the list. */
  readonly shm: SharedMemory;
  readonly #layout: ShareableLayout;

  /** With items, makes a new list, of this name if one is given. Without items, opens the list of this name. */
  constructor(items: Iterable<T & ShareableItem> | undefined, options?: { readonly name?: string | undefined });
  /** @internal */
  constructor(attached: Attached);
  constructor(items?: Iterable<T & ShareableItem> | Attached, options?: { readonly name?: string | undefined }) {
    if (options !== undefined) assertOptions(options, "{ name: 'table' }");
    const name = options?.name;
    if (items instanceof Attached) this.shm = items.shm;
    else if (items === undefined) {
      if (name === undefined) throw new TypeError('a ShareableList is made of items, or found by { name }');
      this.shm = SharedMemory.attach(name);
    } else {
      if (typeof items?.[Symbol.iterator] !== 'function')
        throw new TypeError('a ShareableList is made of iterable items');
      const list = Array.from(items);
      const size = ShareableLayout.sizeOf(list);
      this.shm = SharedMemory.create(name === undefined ? { size } : { size, name });
      ShareableLayout.create(this.shm.buffer, list);
    }
    try {
      this.#layout = new ShareableLayout(this.shm.buffer);
    } catch (error) {
      this.shm.close();
      throw error;
    }
    offerIndexes(this.#layout.length);
    // An assignment to an index outside the list must fail.
    Object.preventExtensions(this);
  }

  /**
   * Opens the list of this name, whichever program made it. Throws a `StateError` if there is none, a `TypeError` if the memory holds
   * something else.
   */
  static attach<T = ShareableItem>(name: string): ShareableList<T> {
    return attached<T>(name);
  }

  /** The number of items. */
  get length(): number {
    return this.#open().length;
  }

  /** Returns the item at an index, from the end if it is negative. Throws a `RangeError` if there is none. */
  at(index: number): T {
    const layout = this.#open();
    return layout.get(locate(layout, index)) as T;
  }

  /** Replaces the item at an index, from the end if it is negative. Throws a `RangeError` if there is none, or if the new item does not fit. */
  set(index: number, item: T): void {
    const layout = this.#open();
    layout.set(locate(layout, index), item as ShareableItem);
  }

  /** Returns the number of items that are equal to this one. */
  count(item: T): number {
    let count = 0;
    for (const other of this) if (isEqual(other, item)) count++;
    return count;
  }

  /** Returns the index of the first item that is equal to this one. Throws a `RangeError` if there is none. */
  index(item: T): number {
    let index = 0;
    for (const other of this) {
      if (isEqual(other, item)) return index;
      index++;
    }
    throw new RangeError(`${String(item)} is not in this ShareableList`);
  }

  /** The formats of all items in the terms of Python's `struct`. */
  get format(): string {
    const layout = this.#open();
    return Array.from({ length: layout.length }, (_, i) => layout.format(i)).join('');
  }

  /** Iterates over the items in order; each is read when it is reached. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** Ends the use of the list in this process, as `shm.close()` does. */
  close(): void {
    this.shm.close();
  }

  /** Closes the list at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): ShareableLayout {
    segmentOf(this.shm);
    return this.#layout;
  }
}

function locate({ length }: ShareableLayout, index: number): number {
  if (typeof index !== 'number') throw new TypeError(`an index must be a number, not ${typeof index}`);
  const at = index < 0 ? index + length : index;
  if (!Number.isInteger(at) || at < 0 || at >= length)
    throw new RangeError(`there is no item ${index} among ${length}`);
  return at;
}

function isEqual(a: unknown, b: unknown): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : a === b;
}

function attached<T>(name: string): ShareableList<T> {
  return new ShareableList<T>(undefined, { name });
}

let offered = 0;

/** Defines the indexes up to the length of the longest list as properties of all lists, so that `list[0]` works. */
function offerIndexes(length: number): void {
  for (; offered < length; offered++) {
    const index = offered;
    Object.defineProperty(ShareableList.prototype, index, {
      get(this: ShareableList) {
        return this.at(index);
      },
      set(this: ShareableList, item: ShareableItem) {
        this.set(index, item);
      },
    });
  }
}
