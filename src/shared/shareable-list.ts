import { assertOptions } from '../options.ts';
import { type ShareableItem, ShareableLayout } from './shareable-layout.ts';
import { SharedMemory, segmentOf } from './shared-memory.ts';

/** Where a list is, for arrivals: the shared memory that has come. */
export class Attached {
  readonly shm: SharedMemory;
  constructor(shm: SharedMemory) {
    this.shm = shm;
  }
}

/**
 * A list of fixed length in named shared memory: numbers, bigints, booleans, strings, Uint8Arrays and null. Python's `ShareableList(name=…)`
 * is the same list. Each item may be replaced by one of any kind, text and bytes by what takes no more room than the first had, rounded up
 * to eights (`RangeError`). What is read is what was written, at the cost of a copy: change an item by assigning it anew.
 *
 * Nothing is locked: an item that one process reads while another writes it may be torn. The name is `shm.name`; `shm.unlink()`
 * removes it.
 *
 * Numbers: a whole one is Python's int, any other a float; a bigint is an int of 64 bits and comes back as a bigint. What Python has
 * assigned, or holds in a list that it has made, is a number up to 2 ** 53 and a bigint beyond.
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
  /** The item at an index; an index that there is not is a `RangeError` on assignment. */
  [index: number]: T;

  /** The memory that it stands in. */
  readonly shm: SharedMemory;
  readonly #layout: ShareableLayout;

  /** A new list of these items, of this name if there is one; without items, the list of this name. */
  constructor(items: Iterable<T & ShareableItem> | undefined, options?: { readonly name?: string });
  /** @internal */
  constructor(attached: Attached);
  constructor(items?: Iterable<T & ShareableItem> | Attached, options?: { readonly name?: string }) {
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
    // An assignment to an index that there is not must fail.
    Object.preventExtensions(this);
  }

  /** The list of this name, whoever made it; a `StateError` if there is none, a `TypeError` if it is something else. */
  static attach<T = ShareableItem>(name: string): ShareableList<T> {
    return attached<T>(name);
  }

  /** How many items. */
  get length(): number {
    return this.#open().length;
  }

  /** The item at an index, from the end if it is negative; a `RangeError` where there is none. */
  at(index: number): T {
    const layout = this.#open();
    return layout.get(locate(layout, index)) as T;
  }

  /** Replaces the item at an index, from the end if it is negative; a `RangeError` where there is none, or no room for it. */
  set(index: number, item: T): void {
    const layout = this.#open();
    layout.set(locate(layout, index), item as ShareableItem);
  }

  /** How many items are equal to this one. */
  count(item: T): number {
    let count = 0;
    for (const other of this) if (isEqual(other, item)) count++;
    return count;
  }

  /** The index of the first item that is equal to this one; a `RangeError` where there is none. */
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

  /** The items in order, as they are when each is reached. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** This process is done with the list: `shm.close()`. */
  close(): void {
    this.shm.close();
  }

  /** Closes it at the end of a `using` block. */
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

/** Lists answer to `list[0]` up to the length of the longest: the indexes are properties of all. */
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
