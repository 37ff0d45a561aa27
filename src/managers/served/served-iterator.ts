import { RemoteError } from '../../contracts/errors.ts';
import type { ServedObject } from '../served-object.ts';

/** An iterator that a method has returned: its client reads it step by step. */
export class ServedIterator implements ServedObject {
  readonly type = 'iterator';
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;

  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>) {
    this.#iterator = iterator;
  }

  call(method: string): unknown {
    if (method === 'next') return this.#iterator.next();
    if (method === 'return') return this.#iterator.return?.() ?? { done: true, value: undefined };
    throw new RemoteError(`An iterator has no method ${method}.`);
  }

  dispose(): void {
    // The rest will not be read: the iterator may close what it has opened.
    Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }
}
