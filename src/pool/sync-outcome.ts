import type { Executor } from '../contracts/executor.ts';
import type { BatchEnd } from './batch.ts';

/** The outcome of work for which a blocked thread waits. */
export class SyncOutcome implements BatchEnd {
  #isThere = false;
  #value: unknown;
  #error: { readonly error: unknown } | undefined;

  readonly succeed = (value: unknown): void => {
    this.#isThere = true;
    this.#value = value;
  };

  readonly fail = (error: unknown): void => {
    this.#isThere = true;
    this.#error = { error };
  };

  await(executor: Executor): unknown {
    executor.waitSync(() => this.#isThere);
    if (this.#error !== undefined) throw this.#error.error;
    return this.#value;
  }
}
