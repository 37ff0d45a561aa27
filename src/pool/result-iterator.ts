import type { MapOptions, SubmitOptions } from './batch.ts';
import { callLater } from './callbacks.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Job } from './job.ts';
import { type ReportMessage, report, way } from './messages.ts';

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of what comes here.
type AnyFunction = (...args: any[]) => unknown;

/** What became of one item. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** A task of the iterator: its outcomes once it has come to an end. */
interface Portion {
  readonly length: number;
  job: Job | undefined;
  outcomes: Outcome[] | undefined;
}

/**
 * The results of a function over an input that is read lazily: at most `buffersize` items are unfinished or unread at any time.
 * An item's error comes at its place and does not end the iteration; an error of the input does, after all results before it.
 */
export class ResultIterator<R> implements AsyncIterableIterator<R> {
  readonly #dispatcher: Dispatcher;
  readonly #fn: AnyFunction;
  readonly #input: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #isOrdered: boolean;
  readonly #chunksize: number;
  readonly #buffersize: number;
  readonly #submit: SubmitOptions;
  readonly #options: MapOptions;
  /** In order of submission, or of completion. */
  readonly #portions: Portion[] = [];
  readonly #pending = new Set<Portion>();
  /** Outcomes that are next. */
  #ready: Outcome[] = [];
  /** Items that were read from the input and whose result was not. */
  #open = 0;
  #done = 0;
  #submitted = 0;
  #isInputOver = false;
  #inputError: Outcome | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #reading: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    dispatcher: Dispatcher,
    fn: AnyFunction,
    input: Iterable<unknown> | AsyncIterable<unknown>,
    isOrdered: boolean,
    chunksize: number,
    buffersize: number,
    options: MapOptions,
    submit: SubmitOptions,
  ) {
    this.#dispatcher = dispatcher;
    this.#fn = fn;
    const iterable = input as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    const iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.();
    if (iterator === undefined)
      throw new TypeError('items must be iterable: an array, a generator, an async generator');
    this.#input = iterator;
    this.#isOrdered = isOrdered;
    this.#chunksize = chunksize;
    this.#buffersize = buffersize;
    this.#options = options;
    this.#submit = submit;
    this.#read();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Ends the iteration: the input is closed, what has not come to an end is ended. */
  async return(): Promise<IteratorResult<R, undefined>> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#wake?.();
      const reason = new DOMException('The iteration was left.', 'AbortError');
      for (const { job } of this.#pending) if (job !== undefined) this.#dispatcher.end(job, reason);
      if (!this.#isInputOver) await this.#input.return?.();
    }
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<R, undefined>> {
    for (;;) {
      if (this.#isClosed) return { done: true, value: undefined };
      const outcome = this.#ready.shift() ?? this.#shiftPortion();
      if (outcome !== undefined) {
        this.#open--;
        this.#read();
        if ('error' in outcome) throw outcome.error;
        return { done: false, value: outcome.value as R };
      }
      if (this.#isInputOver && this.#portions.length === 0 && this.#pending.size === 0) {
        this.#isClosed = true;
        if (this.#inputError !== undefined && 'error' in this.#inputError) throw this.#inputError.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The first outcome of the next portion that is done. */
  #shiftPortion(): Outcome | undefined {
    const outcomes = this.#portions[0]?.outcomes;
    if (outcomes === undefined) return undefined;
    this.#portions.shift();
    this.#ready = outcomes;
    return this.#ready.shift();
  }

  /** Reads the input as far as the buffer allows; one reader at a time. */
  #read(): void {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
      // Room that came about after its last look.
      if (!this.#isInputOver && !this.#isClosed && this.#open < this.#buffersize) this.#read();
    });
  }

  async #readOn(): Promise<void> {
    let chunk: unknown[] = [];
    while (!this.#isInputOver && !this.#isClosed && this.#open < this.#buffersize) {
      try {
        const item = await this.#input.next();
        if (this.#isClosed) return;
        if (item.done) {
          this.#isInputOver = true;
        } else {
          this.#open++;
          chunk.push(item.value);
        }
      } catch (error) {
        this.#isInputOver = true;
        this.#inputError = { error };
      }
      // A full buffer sends what it has: nobody could read on before its results are there.
      if (
        chunk.length > 0 &&
        (chunk.length === this.#chunksize || this.#isInputOver || this.#open === this.#buffersize)
      ) {
        this.#send(chunk);
        chunk = [];
      }
    }
    if (this.#isInputOver) this.#wake?.();
  }

  #send(items: unknown[]): void {
    const portion: Portion = { length: items.length, job: undefined, outcomes: undefined };
    if (this.#isOrdered) this.#portions.push(portion);
    this.#pending.add(portion);
    const start = this.#submitted;
    this.#submitted += items.length;
    const settle = (message: ReportMessage) => this.#finish(portion, outcomesOf(message, items.length));
    const fail = (error: unknown) => this.#finish(portion, outcomesOf([report.ERROR, error], items.length));
    try {
      portion.job = this.#dispatcher.submit(this.#fn, way.EACH, items, start, this.#submit, settle, fail);
    } catch (error) {
      fail(error);
    }
  }

  #finish(portion: Portion, outcomes: Outcome[]): void {
    portion.outcomes = outcomes;
    this.#pending.delete(portion);
    if (!this.#isOrdered) this.#portions.push(portion);
    this.#done += portion.length;
    if (!this.#isClosed) callLater(this.#options.onProgress, this.#done);
    this.#wake?.();
  }
}

function outcomesOf(message: ReportMessage, length: number): Outcome[] {
  if (message[0] === report.RESULTS) {
    const outcomes: Outcome[] = message[1].map((value) => ({ value }));
    for (const [i, error] of message[2]) outcomes[i] = { error };
    return outcomes;
  }
  return Array.from({ length }, () => ({ error: message[1] }));
}
