import type { Callbacks } from '../contracts/task-options.ts';
import { AsyncResult, fail, succeed } from './async-result.ts';
import { Batch, type BatchEnd } from './batch.ts';
import { callLater } from './callbacks.ts';
import { inCallersContext } from './callers-context.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Job, Sink } from './job.ts';
import { type ReportMessage, report } from './messages.ts';

/** Receives the end of a task or batch that has an `AsyncResult`. */
export class AsyncSink<R> implements Sink, BatchEnd {
  readonly result: AsyncResult<R>;
  /** The running task or batch; `undefined` while the items are being read. */
  task: Job | Batch | undefined = undefined;
  readonly #dispatcher: Dispatcher;
  readonly #callback: Callbacks<R>['callback'];
  readonly #errorCallback: Callbacks<R>['errorCallback'];

  constructor(dispatcher: Dispatcher, { callback, errorCallback }: Callbacks<R>) {
    this.#dispatcher = dispatcher;
    this.#callback = inCallersContext(callback);
    this.#errorCallback = inCallersContext(errorCallback);
    this.result = new AsyncResult<R>(errorCallback !== undefined, this);
  }

  settle(message: ReportMessage): void {
    if (message[0] === report.RESULT) this.succeed(message[1] as R[]);
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
    fail(this.result as AsyncResult<unknown>, error, this.#dispatcher.isOwnEnd(error));
    this.task = undefined;
  }

  cancel(reason: unknown): void {
    if (this.task === undefined) this.fail(reason);
    else if (this.task instanceof Batch) this.task.cancel(reason);
    else this.#dispatcher.end(this.task, reason);
  }
}
