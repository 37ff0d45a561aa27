import { StateError, TimeoutError } from '../errors.ts';
import type { WaitOptions } from '../options.ts';
import { awaitEvent } from '../sync/await-event.ts';

/** Failed tasks at whose result nobody has looked; said on standard error at the end, so that no error disappears. */
const unseen = new Map<object, unknown>();

/** How many of them are told in full. */
const MOST = 20;

process.once('exit', () => {
  // One error may have been the end of many tasks.
  const errors = [...new Set(unseen.values())];
  for (const error of errors.slice(0, MOST)) {
    const text = error instanceof Error ? error.stack : String(error);
    process.stderr.write(`A task of a Pool failed, and nobody asked for its result: ${text}\n`);
  }
  if (errors.length > MOST) process.stderr.write(`… and ${errors.length - MOST} more errors of such tasks.\n`);
});

/** How an AsyncResult is told of the end of its task; kept off its public face. */
export interface Settler<R> {
  succeed(value: R): void;
  /** `isOwn`: the user ended it, there is nothing to tell of. */
  fail(error: unknown, isOwn: boolean): void;
  readonly isSettled: boolean;
}

/**
 * What will become of a task that was submitted with one of the `…Async` calls. It can be awaited, and its error is thrown then.
 */
export class AsyncResult<R> implements PromiseLike<R> {
  #state: 'pending' | 'done' | 'failed' = 'pending';
  #value: R | undefined;
  #error: unknown;
  #looked: boolean;
  #cancel: ((reason: unknown) => void) | undefined;
  /** Made when somebody waits. */
  #promise: Promise<R> | undefined;
  #resolve: ((value: R) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @internal */
  constructor(isHandled: boolean, start: (settler: Settler<R>) => (reason: unknown) => void) {
    this.#looked = isHandled;
    const result = this;
    const cancel = start({
      get isSettled() {
        return result.#state !== 'pending';
      },
      succeed(value) {
        if (result.#state === 'pending') result.#succeed(value);
      },
      fail(error, isOwn) {
        if (result.#state === 'pending') result.#fail(error, isOwn);
      },
    });
    if (this.#state === 'pending') this.#cancel = cancel;
  }

  #succeed(value: R): void {
    this.#state = 'done';
    this.#value = value;
    this.#cancel = undefined;
    this.#resolve?.(value);
  }

  #fail(error: unknown, isOwn: boolean): void {
    this.#state = 'failed';
    this.#error = error;
    this.#cancel = undefined;
    if (!this.#looked && !isOwn) unseen.set(this, error);
    this.#reject?.(error);
  }

  /** The result, waiting for it if need be; throws the task's error, or a `TimeoutError` when the time is over. */
  async get(options?: WaitOptions): Promise<R> {
    if (options === undefined) return this.#look();
    if (!(await this.wait(options))) throw new TimeoutError(`The task had no result within ${options.timeout} ms.`);
    return this.#look();
  }

  /** Waits until the task has come to an end; false when the time is over. */
  wait(options?: WaitOptions): Promise<boolean> {
    const promise = this.#settled();
    return awaitEvent((done) => {
      if (this.#state === 'pending') promise.then(done, done);
      else done();
    }, options);
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
    if (this.#state !== 'pending') return;
    this.#looked = true;
    this.#cancel?.(new DOMException('The task was cancelled.', 'AbortError'));
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
    unseen.delete(this);
    return this.#settled();
  }

  #settled(): Promise<R> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.#state === 'done') this.#promise = Promise.resolve(this.#value as R);
    else if (this.#state === 'failed') this.#promise = Promise.reject(this.#error);
    else {
      this.#promise = new Promise<R>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    // Whoever looks gets the error; whoever only waits must not end the program by it.
    this.#promise.catch(() => {});
    return this.#promise;
  }
}
