import { type Executor, type Outcome, outcome, type Sink } from '../contracts/executor.ts';
import type { Callbacks } from '../contracts/task-options.ts';
import { withCallers } from '../engine/caller-stack.ts';
import { AsyncResult, fail, succeed } from './async-result.ts';
import { Batch, type BatchEnd } from './batch.ts';
import { callLater } from './callbacks.ts';
import { inCallersContext } from './callers-context.ts';

/** The receivers of what becomes of a call: a promise, an `AsyncResult`, or a blocked thread. */

/**
 * Runs `begin` and returns a promise of its outcome. An error that `begin` throws passes through. A later error was made elsewhere: its
 * stack is extended with the stack of this call. A signal's reason belongs to the caller and stays unchanged.
 */
export async function settled<R>(
  call: string,
  signal: AbortSignal | undefined,
  begin: (succeed: (value: R) => void, fail: (error: unknown) => void) => void,
): Promise<R> {
  let begun = false;
  const outcome = new Promise<R>((succeed, fail) => {
    begin(succeed, fail);
    begun = true;
  });
  try {
    return await outcome;
  } catch (error) {
    throw !begun || (signal !== undefined && error === signal.reason) ? error : withCallers(error, `Pool.${call}()`);
  }
}

/** Receives the end of a single call. */
export class CallSink implements Sink {
  readonly #resolve: (value: unknown) => void;
  readonly fail: (error: unknown) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.fail = reject;
  }

  settle(message: Outcome): void {
    if (message[0] === outcome.RESULT) this.#resolve(message[1]);
    else this.fail(message[1]);
  }
}

/** Receives the end of a task or batch that has an `AsyncResult`. */
export class AsyncSink<R> implements Sink, BatchEnd {
  readonly result: AsyncResult<R>;
  /** The running task or batch; `undefined` while the items are being read. */
  task: unknown = undefined;
  readonly #executor: Executor;
  readonly #callback: Callbacks<R>['callback'];
  readonly #errorCallback: Callbacks<R>['errorCallback'];

  constructor(executor: Executor, { callback, errorCallback }: Callbacks<R>) {
    this.#executor = executor;
    this.#callback = inCallersContext(callback);
    this.#errorCallback = inCallersContext(errorCallback);
    this.result = new AsyncResult<R>(errorCallback !== undefined, this);
  }

  settle(message: Outcome): void {
    if (message[0] === outcome.RESULT) this.succeed(message[1] as R[]);
    else this.fail(message[1]);
  }

  succeed(value: unknown): void {
    if (this.result.ready()) return;
    callLater(this.#callback, value as R);
    succeed(this.result, value as R);
    this.task = undefined;
  }

  fail(error: unknown): void {
    if (this.result.ready()) return;
    callLater(this.#errorCallback, error);
    fail(this.result as AsyncResult<unknown>, error, this.#executor.admission.isOwnEnd(error));
    this.task = undefined;
  }

  cancel(reason: unknown): void {
    if (this.task === undefined) this.fail(reason);
    else if (this.task instanceof Batch) this.task.cancel(reason);
    else this.#executor.end(this.task, reason);
  }
}

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
