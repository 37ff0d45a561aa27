import { compare } from './compare.ts';

/** A chunk that grows to twice this number of items is cut in two. */
const chunkSize = 512;

/**
 * Keeps items in order, equal items in the order of their arrival. The smallest item is taken in constant time.
 *
 * A heap would not do: an insertion here compares an item with both its neighbours before anything moves. The `insert` of an item without
 * an order therefore fails, and taking an item never compares and never fails. A heap also compares when an item is taken, and may then
 * find two items without an order long after both were accepted.
 */
export class SortedItems<T> {
  /** The biggest item first, so that taking the smallest is a `pop`. Each chunk has the same order; no chunk is empty. */
  readonly #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Inserts an item. Throws a `TypeError` and changes nothing if the item has no order with the stored items. */
  insert(item: T): void {
    const chunks = this.#chunks;
    const last = chunks.length - 1;
    if (last < 0) chunks.push([item]);
    else {
      const index = Math.min(
        firstIndex(chunks.length, (i) => compare(chunks[i]!.at(-1), item) <= 0),
        last,
      );
      const chunk = chunks[index]!;
      chunk.splice(
        firstIndex(chunk.length, (i) => compare(chunk[i], item) <= 0),
        0,
        item,
      );
      if (chunk.length >= 2 * chunkSize) chunks.splice(index + 1, 0, chunk.splice(chunkSize));
    }
    this.#size += 1;
  }

  /** Takes the smallest item. There must be one. */
  takeSmallest(): T {
    const chunk = this.#chunks.at(-1)!;
    const item = chunk.pop() as T;
    if (chunk.length === 0) this.#chunks.pop();
    this.#size -= 1;
    return item;
  }
}

/**
 * Returns the first of `count` indexes for which `holds` is true, or `count` if there is none. If `holds` is true for an index, it must
 * be true for all later ones.
 */
function firstIndex(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
