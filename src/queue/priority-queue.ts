import { Queue } from './queue.ts';
import { SortedItems } from './sorted-items.ts';

/**
 * A queue that returns the smallest item first: Python's `queue.PriorityQueue`. Equal items keep their order.
 *
 * Items are compared as `<` does: numbers and bigints, or strings. Arrays are compared element by element, as Python's tuples are, so
 * `[priority, item]` works if no two priorities are equal. If priorities may be equal, put `[priority, count, item]`, or objects with a
 * `valueOf()` that returns their priority. `put` throws a `TypeError` and changes nothing if the item has no order with the items in the
 * queue. Do not change the priority of an item while it is in the queue.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { PriorityQueue } from 'multiproc/queue';
 *
 * const q = new PriorityQueue<[number, string]>();
 * await q.put([2, 'tidy up']);
 * await q.put([1, 'put out the fire']);
 * assert.deepEqual(await q.get(), [1, 'put out the fire']);
 *
 * class Job {
 *   name: string;
 *   urgency: number;
 *   constructor(name: string, urgency: number) {
 *     this.name = name;
 *     this.urgency = urgency;
 *   }
 *   valueOf() {
 *     return -this.urgency; // the most urgent first
 *   }
 * }
 * const jobs = new PriorityQueue<Job>();
 * await jobs.putMany([new Job('paint', 1), new Job('bail', 9)]);
 * assert.equal((await jobs.get()).name, 'bail');
 * ```
 */
export class PriorityQueue<T> extends Queue<T> {
  readonly #items = new SortedItems<T>();

  protected override _qsize(): number {
    return this.#items.size;
  }

  protected override _put(item: T): void {
    this.#items.insert(item);
  }

  protected override _get(): T {
    return this.#items.takeSmallest();
  }
}
