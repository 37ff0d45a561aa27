import type { Sink } from './job.ts';
import { type ReportMessage, report } from './messages.ts';

/** Receives the end of a single call. */
export class CallSink implements Sink {
  readonly #resolve: (value: unknown) => void;
  readonly fail: (error: unknown) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.fail = reject;
  }

  settle(message: ReportMessage): void {
    if (message[0] === report.RESULT) this.#resolve(message[1]);
    else this.fail(message[1]);
  }
}
