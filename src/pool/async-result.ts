import { StateError, TimeoutError } from '../errors.ts';
import type { WaitOptions } from '../options.ts';
import { awaitEvent } from '../sync/await-event.ts';

/** Errors of tasks at which nobody has looked; said on standard error at the end, so that none disappears. */
const unseen = new Set<unknown>();

process.once('exit', () => {
  for (const error of unseen) {
    const text = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`A task of a Pool failed, and nobody asked for its result: ${text}\n`);
  }
});

/**
 * What will become of a task that was submitted with one of the `…Async` calls. It can be awaited, and its error is thrown then.
 */
export class AsyncResult<R> implements PromiseLike<R> {
  readonly #promise: Promise<R>;
  readonly #cancel: (reason: unknown) => void;
  #state: 'pending' | 'done' | 'failed' = 'pending';
  #error: unknown;

  /** @internal */
  constructor(promise: Promise<R>, cancel: (reason: unknown) => void, isHandled: boolean) {
    this.#promise = promise;
    this.#cancel = cancel;
    promise.then(
      () => {
        this.#state = 'done';
      },
      (error) => {
        this.#state = 'failed';
        this.#error = error;
        if (!isHandled && !this.#looked) unseen.add(error);
      },
    );
  }

  #looked = false;

  /** The result, waiting for it if need be; throws the task's error, or a `TimeoutError` when the time is over. */
  async get(options?: WaitOptions): Promise<R> {
    if (options === undefined) return this.#look();
    if (!(await this.wait(options))) throw new TimeoutError(`The task had no result within ${options.timeout} ms.`);
    return this.#look();
  }

  /** Waits until the task has come to an end; false when the time is over. */
  wait(options?: WaitOptions): Promise<boolean> {
    return awaitEvent((done) => this.#promise.then(done, done), options);
  }

  /** True if the task has come to an end. */
  ready(): boolean {
    return this.#state !== 'pending';
  }

  /** True if the task ended without an error; a `StateError` while it has not ended. */
  successful(): boolean {
    if (this.#state === 'pending') throw new StateError('The task has not ended yet: ask ready(), or wait().');
    return this.#state === 'done';
  }

  /** Ends just this task: waiting, it never starts; running, its worker is ended. It rejects with an `AbortError`. */
  cancel(): void {
    this.#looked = true;
    this.#cancel(new DOMException('The task was cancelled.', 'AbortError'));
  }

  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited.
  then<A = R, B = never>(
    onDone?: ((value: R) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#look().then(onDone, onError);
  }

  #look(): Promise<R> {
    this.#looked = true;
    unseen.delete(this.#error);
    return this.#promise;
  }
}
