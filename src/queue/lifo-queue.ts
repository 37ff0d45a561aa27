import { Queue } from './queue.ts';

/**
 * A queue that gives the newest item first: Python's `queue.LifoQueue`.
 * All else is as in `Queue`; where there is nobody to wait for, a plain array with `push` and `pop` does as well.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { LifoQueue } from 'multiproc/queue';
 *
 * const q = new LifoQueue<string>();
 * await q.putMany(['first', 'second']);
 * assert.equal(await q.get(), 'second');
 * ```
 */
export class LifoQueue<T> extends Queue<T> {
  readonly #stack: T[] = [];

  protected override _qsize(): number {
    return this.#stack.length;
  }

  protected override _put(item: T): void {
    this.#stack.push(item);
  }

  protected override _get(): T {
    return this.#stack.pop() as T;
  }
}
