import { StateError, TimeoutError } from '../contracts/errors.ts';
import type { WaitOptions } from '../contracts/options.ts';
import { staysHere } from '../contracts/stays-here.ts';
import { withCallers } from '../engine/caller-stack.ts';
import { awaitEvent } from '../waits/await-event.ts';
import { forgetUnseen, noteUnseen, type Unseen } from './unseen-failures.ts';

/** An object that can end the task of a result. */
interface Cancellable {
  cancel(reason: unknown): void;
}

/** Friends of the class, not on its public face: they tell a result how its task has ended. */
export let succeed: <R>(result: AsyncResult<R>, value: R) => void;
/** `isOwn`: the user ended the task, so the failure need not be reported. */
export let fail: (result: AsyncResult<unknown>, error: unknown, isOwn: boolean) => void;

/**
 * The result of a task that was submitted with an `…Async` call. It can be awaited: `await` returns the task's result or throws its
 * error.
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
  /** The task's error, after a failure. */
  #value: unknown;
  #looked: boolean;
  /** The note of an error that has not been read yet. */
  #unseen: Unseen | undefined;
  #task: Cancellable | undefined;
  /** Made when code waits. A wait without reading the result counts as handling the error, so that the error does not end the program. */
  #promise: Promise<R> | undefined;
  #resolve: ((value: R) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** @internal */
  constructor(isHandled: boolean, task: Cancellable) {
    this.#looked = isHandled;
    this.#task = task;
  }

  /** Waits for the result. Resolves to the result of the task, rejects with its error, or with a `TimeoutError` after the time-out. */
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

  /** Waits until the task has ended. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    return awaitEvent((done) => {
      if (this.#state === 'pending') this.#settled().then(done, done);
      else done();
    }, options);
  }

  /** Returns true if the task has ended. */
  ready(): boolean {
    return this.#state !== 'pending';
  }

  /** Returns true if the task ended without an error. Throws a `StateError` if the task has not ended. */
  successful(): boolean {
    if (this.#state === 'pending') throw new StateError('The task has not ended yet: ask ready(), or wait().');
    return this.#state === 'done';
  }

  /** Ends the task: a waiting task never starts, the worker of a running task is ended. The task rejects with an `AbortError`. */
  cancel(): void {
    if (this.#state !== 'pending') return;
    this.#looked = true;
    this.#task?.cancel(new DOMException('The task was cancelled.', 'AbortError'));
  }

  /** Makes the result one to `await`: resolves to the result of the task, or rejects with its error. */
  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited.
  then<A = R, B = never>(
    onDone?: ((value: R) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#look().then(onDone, onError);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `AsyncResult (${this.#state})`;
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

staysHere(AsyncResult, 'await it first');
