import { BaseProxy } from '../proxy.ts';

/** An iterator in a manager's server, such as the one that a generator method returns. */
export class IteratorProxy<T = unknown> extends BaseProxy implements AsyncIterableIterator<T> {
  /** Resolves to the next step of the iterator. */
  next(): Promise<IteratorResult<T>> {
    return this.call('next');
  }

  /** Ends the iterator in the server and releases it; leaving a loop early calls this. */
  async return(): Promise<IteratorResult<T>> {
    const result = await this.call<IteratorResult<T>>('return');
    this[Symbol.dispose]();
    return result;
  }

  /** Returns the iterator itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
