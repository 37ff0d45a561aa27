import { withCallers } from '../both-stacks.ts';
import { StateError, TimeoutError } from '../errors.ts';
import type { WaitOptions } from '../options.ts';
import { awaitEvent } from '../sync/await-event.ts';
import { forgetUnseen, noteUnseen, type Unseen } from './unseen-failures.ts';

/** What can end the task behind a result. */
export interface Cancellable {
  cancel(reason: unknown): void;
}

/** Friends of the class, kept off its public face: how a result is told of the end of its task. */
export let succeed: <R>(result: AsyncResult<R>, value: R) => void;
/** `isOwn`: the user ended it, there is nothing to tell of. */
export let fail: (result: AsyncResult<unknown>, error: unknown, isOwn: boolean) => void;

/**
 * What will become of a task that was submitted with one of the `…Async` calls. It can be awaited, and its error is thrown then.
 */
export class AsyncResult<R> implements PromiseLike<R> {
  static {
    succeed = (result, value) => {
      if (result.#state !== 'pending') return;
      result.#state = 'done';
      result.#value = value;
      result.#task = undefined;
      result.#resolve?.(value);
    };
    fail = (result, error, isOwn) => {
      if (result.#state !== 'pending') return;
      result.#state = 'failed';
      result.#value = error;
      result.#task = undefined;
      if (!result.#looked && !isOwn) result.#unseen = noteUnseen(result, error);
      result.#reject?.(error);
    };
  }

  #state: 'pending' | 'done' | 'failed' = 'pending';
  /** Or the error. */
  #value: unknown;
  #looked: boolean;
  /** What is noted of its failure while nobody has looked. */
  #unseen: Unseen | undefined;
  #task: Cancellable | undefined;
  /** Made when somebody waits. Whoever only waits handles its error, so that this does not end the program. */
  #promise: Promise<R> | undefined;
  #resolve: ((value: R) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @internal */
  constructor(isHandled: boolean, task: Cancellable) {
    this.#looked = isHandled;
    this.#task = task;
  }

  /** The result, waiting for it if need be; throws the task's error, or a `TimeoutError` when the time is over. */
  async get(options?: WaitOptions): Promise<R> {
    if (options !== undefined && !(await this.wait(options))) {
      throw new TimeoutError(`The task had no result within ${options.timeout} ms.`);
    }
    try {
      return await this.#look();
    } catch (error) {
      throw withCallers(error, 'AsyncResult.get()');
    }
  }

  /** Waits until the task has come to an end; false when the time is over. */
  wait(options?: WaitOptions): Promise<boolean> {
    return awaitEvent((done) => {
      if (this.#state === 'pending') this.#settled().then(done, done);
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
    this.#task?.cancel(new DOMException('The task was cancelled.', 'AbortError'));
  }

  /** Makes the result one to `await`: it resolves to the result of the task, and rejects with its error. */
  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited.
  then<A = R, B = never>(
    onDone?: ((value: R) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#look().then(onDone, onError);
  }

  #look(): Promise<R> {
    this.#looked = true;
    if (this.#unseen !== undefined) forgetUnseen(this.#unseen);
    this.#unseen = undefined;
    return this.#settled();
  }

  #settled(): Promise<R> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.#state === 'done') this.#promise = Promise.resolve(this.#value as R);
    else if (this.#state === 'failed') this.#promise = Promise.reject(this.#value);
    else {
      this.#promise = new Promise<R>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    return this.#promise;
  }
}
