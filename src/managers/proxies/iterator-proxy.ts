import { BaseProxy } from '../proxy.ts';

/** An iterator in a manager's server, as a method such as a generator answers it. */
export class IteratorProxy<T = unknown> extends BaseProxy implements AsyncIterableIterator<T> {
  next(): Promise<IteratorResult<T>> {
    return this.call('next') as Promise<IteratorResult<T>>;
  }

  async return(): Promise<IteratorResult<T>> {
    const result = (await this.call('return')) as IteratorResult<T>;
    this[Symbol.dispose]();
    return result;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
