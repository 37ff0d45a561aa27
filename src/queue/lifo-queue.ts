import { Queue } from './queue.ts';

/**
 * A queue that returns the newest item first: Python's `queue.LifoQueue`. Everything else works as in `Queue`. If no function has to
 * wait, a plain array with `push` and `pop` is enough.
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
