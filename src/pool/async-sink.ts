import { type Executor, type Outcome, outcome, type Sink } from '../contracts/executor.ts';
import type { Callbacks } from '../contracts/task-options.ts';
import { AsyncResult, fail, succeed } from './async-result.ts';
import { Batch, type BatchEnd } from './batch.ts';
import { callLater } from './callbacks.ts';
import { inCallersContext } from './callers-context.ts';

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
