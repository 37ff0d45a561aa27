import { ShutDown } from '../contracts/errors.ts';
import type { WaitOptions } from '../contracts/options.ts';

/** The reason that ends the `get` calls of an iterator after its loop was left. */
const left = Symbol('the iterator was left');

/** Reads a queue until it is shut down and empty. After `return()`, it takes no item any more, not even for a `next()` that still waits. */
export class QueueIterator<T> implements AsyncIterableIterator<T> {
  readonly #get: (options: WaitOptions) => Promise<T>;
  readonly #leaving = new AbortController();

  constructor(get: (options: WaitOptions) => Promise<T>) {
    this.#get = get;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    try {
      return { done: false, value: await this.#get({ signal: this.#leaving.signal }) };
    } catch (error) {
      if (error !== left && !(error instanceof ShutDown)) throw error;
      return { done: true, value: undefined };
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#leaving.abort(left);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
