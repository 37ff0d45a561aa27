import { Queue } from './queue.ts';
import { SortedItems } from './sorted-items.ts';

/**
 * A queue that gives the smallest item first: Python's `queue.PriorityQueue`. Equal items keep their order.
 *
 * Items are compared as `<` does: numbers and bigints, or strings. Arrays go element by element, as Python's tuples do, so
 * `[priority, item]` works as long as no two priorities are equal; give `[priority, count, item]`, or objects with a
 * `valueOf()` that returns their priority, where they may be. `put` throws a `TypeError` for an item that has no order among those
 * that are in, and leaves the queue as it was. An item must not change its priority while it is in.
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
