import { compare } from './compare.ts';

/** A chunk is cut in two when it has grown to twice this. */
const chunkSize = 512;

/**
 * Items kept in order, equal ones in the order in which they came; the smallest is taken in constant time.
 *
 * Why not a heap: inserting here compares an item with both its neighbours before anything moves. So what cannot be
 * ordered is found by the `insert` that brings it, and taking never compares and never fails. A heap compares when it
 * takes, too: there it can find two items without an order long after both were accepted.
 */
export class SortedItems<T> {
  /** Biggest first, so that taking the smallest is a `pop`; each chunk likewise; none is empty. */
  readonly #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A `TypeError` where the item has no order among those that are in; then nothing has changed. */
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

  /** Takes the smallest item; only to be called while there is one. */
  takeSmallest(): T {
    const chunk = this.#chunks.at(-1)!;
    const item = chunk.pop() as T;
    if (chunk.length === 0) this.#chunks.pop();
    this.#size -= 1;
    return item;
  }
}

/** The first of `count` indexes for which `holds` is true, given that it stays true from there on; `count` where it never is. */
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
