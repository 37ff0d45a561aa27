import { StateError, TimeoutError } from '../contracts/errors.ts';
import type { WaitOptions } from '../contracts/options.ts';
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

/** What settles a promise. One function for each, and one executor for all: tens of thousands may wait. */
type Settle = (outcome: unknown) => void;
/** What settles the promise that is being made, and no other: it would keep the promise from being collected. */
let newest: Settle | undefined;
const keepSettle = (resolve: (outcome: never) => void): void => {
  newest = resolve as Settle;
};

/**
 * The result of a task that was submitted with an `…Async` call. It is a promise: `await` returns the task's result or throws its error.
 */
export class AsyncResult<R> extends Promise<R> {
  static {
    succeed = (result, value) => {
      if (result.#state !== 'pending') return;
      result.#state = 'done';
      result.#settle(value);
      result.#ended();
    };
    fail = (result, error, isOwn) => {
      if (result.#state !== 'pending') return;
      result.#state = 'failed';
      if (result.#isRead) {
        result.#settle(Promise.reject(error));
      } else {
        result.#error = error;
        if (!result.#isHandled && !isOwn) result.#unseen = noteUnseen(result, error);
      }
      result.#ended();
    };
  }

  #state: 'pending' | 'done' | 'failed' = 'pending';
  readonly #settle: Settle;
  /** A failure need not be reported. */
  #isHandled: boolean;
  /** Code has asked for the result. Before that a failure does not reject the promise, because a rejection that no code handles ends the program. */
  #isRead = false;
  /** The task's error, after a failure that was not read, and the note of it. */
  #error: unknown;
  #unseen: Unseen | undefined;
  #task: Cancellable | undefined;
  /** The calls of `wait`. */
  #waits: (() => void)[] | undefined;

  /** @internal */
  constructor(isHandled: boolean, task: Cancellable) {
    super(keepSettle);
    this.#settle = newest!;
    newest = undefined;
    this.#isHandled = isHandled;
    this.#task = task;
  }

  /**
   * Whoever awaits a promise, or calls a method of it, asks it for its constructor first. For `await` and `Promise.all` a plain promise is much cheaper
   * than an object with a `then` of its own.
   * @internal
   */
  // biome-ignore lint/complexity/useLiteralKeys: a class may not have an accessor of this name.
  override get ['constructor'](): PromiseConstructor {
    // The prototype has no result.
    if (#state in this) this.#read();
    return Promise;
  }

  /** Waits for the result. Resolves to the result of the task, rejects with its error, or with a `TimeoutError` after the time-out. */
  async get(options?: WaitOptions): Promise<R> {
    if (options !== undefined && !(await this.wait(options))) {
      throw new TimeoutError(`The task had no result within ${options.timeout} ms.`);
    }
    try {
      return await this;
    } catch (error) {
      throw withCallers(error, 'AsyncResult.get()');
    }
  }

  /** Waits until the task has ended. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    return awaitEvent((done) => {
      if (this.#state === 'pending') (this.#waits ??= []).push(done);
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
    this.#isHandled = true;
    this.#task?.cancel(new DOMException('The task was cancelled.', 'AbortError'));
  }

  get [Symbol.for('nodejs.util.inspect.custom')](): () => string {
    // `inspect` asks for the constructor between this and the call: to show a result is not to read it.
    const wasRead = this.#isRead;
    this.#isRead = true;
    return () => {
      this.#isRead = wasRead;
      return `AsyncResult (${this.#state})`;
    };
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    if (this.#state !== 'failed') return;
    if (this.#unseen !== undefined) forgetUnseen(this.#unseen);
    this.#settle(Promise.reject(this.#error));
    this.#error = undefined;
    this.#unseen = undefined;
  }

  #ended(): void {
    this.#task = undefined;
    for (const done of this.#waits ?? []) done();
    this.#waits = undefined;
  }
}
