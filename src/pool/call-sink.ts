import { type Outcome, outcome, type Sink } from '../contracts/executor.ts';

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
