import { callLater } from './callbacks.ts';
import { type Chunk, cut } from './chunks.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Job, TaskOptions } from './job.ts';
import { type ReportMessage, report, type Way } from './messages.ts';

/** What a user may ask of the calls that take many items. */
export interface MapOptions extends TaskOptions {
  /** How many items make one task; a time-out and a retry are for the whole of it. A quarter of each worker's share if left out. */
  readonly chunksize?: number;
  /** For `imap`: how many items may be unfinished or unread, 4 × workers × chunksize if left out. */
  readonly buffersize?: number;
  /** Rejects with the first error that happens, and ends the rest. */
  readonly failFast?: boolean;
  /** Called after each task with the number of items done. */
  readonly onProgress?: (done: number, total?: number) => void;
}

export type SubmitOptions = Parameters<Dispatcher['submit']>[4];

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of what comes here.
type AnyFunction = (...args: any[]) => unknown;

/** Runs a function over all items of a list, chunk by chunk, and gathers the results in order. */
export class Batch {
  readonly promise: Promise<unknown[]>;
  readonly #jobs: Job[] = [];
  readonly #values: unknown[] = [];
  readonly #total: number;
  readonly #options: MapOptions;
  readonly #how: Way;
  #resolve: (values: unknown[]) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #listener: { resolve: (values: unknown[]) => void; reject: (error: unknown) => void } | undefined;
  #done = 0;
  #left: number;
  #firstError: { index: number; error: unknown } | undefined;
  isSettled = false;

  constructor(
    dispatcher: Dispatcher,
    fn: AnyFunction,
    how: Way,
    items: ArrayLike<unknown>,
    chunksize: number,
    options: MapOptions,
    submit: SubmitOptions,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#options = options;
    this.#how = how;
    this.#total = items.length;
    const chunks = cut(items, chunksize);
    this.#left = chunks.length;
    if (this.#left === 0) this.#finish();
    for (const [number, chunk] of chunks.entries()) {
      // One that failed already has ended the rest.
      if (this.isSettled) return;
      this.#submit(dispatcher, fn, chunk, number, submit);
    }
  }

  /** Tells of the end in the very moment in which it happens, also while the thread is blocked. */
  onEnd(resolve: (values: unknown[]) => void, reject: (error: unknown) => void): void {
    this.#listener = { resolve, reject };
    if (this.isSettled) this.#tell();
  }

  /** Ends what has not come to an end. */
  cancel(dispatcher: Dispatcher, error: unknown): void {
    for (const job of this.#jobs) dispatcher.end(job, error);
  }

  #submit(dispatcher: Dispatcher, fn: AnyFunction, chunk: Chunk<unknown>, number: number, submit: SubmitOptions): void {
    const fail = (error: unknown) => {
      this.#failed(chunk.start, error, dispatcher);
      this.#chunkDone(chunk);
    };
    const settle = (message: ReportMessage) => {
      if (message[0] === report.RESULT) this.#values[number] = message[1];
      else if (message[0] === report.RESULTS) this.#take(chunk.start, message[1], message[2], dispatcher);
      else this.#failed(chunk.start, message[1], dispatcher);
      this.#chunkDone(chunk);
    };
    try {
      this.#jobs.push(dispatcher.submit(fn, this.#how, chunk.items, chunk.start, submit, settle, fail));
    } catch (error) {
      fail(error);
    }
  }

  #take(start: number, values: unknown[], errors: [number, unknown][], dispatcher: Dispatcher): void {
    for (const [i, value] of values.entries()) this.#values[start + i] = value;
    for (const [i, error] of errors) this.#failed(start + i, error, dispatcher);
  }

  #failed(index: number, error: unknown, dispatcher: Dispatcher): void {
    if (this.#firstError === undefined || index < this.#firstError.index) this.#firstError = { index, error };
    if (!this.#options.failFast || this.isSettled) return;
    this.#tell();
    this.cancel(dispatcher, error);
  }

  #chunkDone(chunk: Chunk<unknown>): void {
    this.#left--;
    this.#done += chunk.items.length;
    if (!this.isSettled) callLater(this.#options.onProgress, this.#done, this.#total);
    if (this.#left === 0) this.#finish();
  }

  #finish(): void {
    if (!this.isSettled) this.#tell();
  }

  #tell(): void {
    this.isSettled = true;
    for (const listener of [{ resolve: this.#resolve, reject: this.#reject }, this.#listener]) {
      if (this.#firstError !== undefined) listener?.reject(this.#firstError.error);
      else listener?.resolve(this.#values);
    }
  }
}
