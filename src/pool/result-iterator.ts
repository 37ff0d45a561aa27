import type { AsyncResource } from 'node:async_hooks';
import type { Feeder } from '../contracts/admission.ts';
import { type Executor, outcome, type Outcome as TaskOutcome } from '../contracts/executor.ts';
import { staysHere } from '../contracts/stays-here.ts';
import type { MapOptions } from '../contracts/task-options.ts';
import { onAbort } from '../waits/on-abort.ts';
import type { Work } from './batch.ts';
import { callLater } from './callbacks.ts';
import { callersContext } from './callers-context.ts';

/** The outcome of one item. */
type Ending = { readonly value: unknown } | { readonly error: unknown };

/** A task of the iterator, with its outcomes once it has ended. */
interface Portion {
  readonly length: number;
  task: unknown;
  outcomes: Ending[] | undefined;
}

/**
 * The results of a function over a lazily read input: at most `buffersize` items are unfinished or unread at any time. The error of an
 * item comes at its place and does not end the iteration. An error of the input ends it, after all results before the error.
 */
export class ResultIterator<R> implements AsyncIterableIterator<R>, Feeder {
  /** Keeps the pool from being collected: a collected pool closes. */
  readonly pool: object;
  readonly #executor: Executor;
  readonly #work: Work<unknown>;
  readonly #input: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #isOrdered: boolean;
  #buffersize: number;
  readonly #onProgress: MapOptions['onProgress'];
  /** The context in which the input is read and progress is reported, no matter which code made room. */
  readonly #context: AsyncResource = callersContext();
  /** In order of submission or of completion. */
  readonly #portions: Portion[] = [];
  readonly #pending = new Set<Portion>();
  /** The outcomes that come next. */
  #ready: Ending[] = [];
  /** The number of items that were read from the input and whose result was not read yet. */
  #open = 0;
  #done = 0;
  #submitted = 0;
  #isInputOver = false;
  #inputError: { readonly error: unknown } | undefined;
  #isClosed = false;
  readonly #stopListening: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #reading: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    pool: object,
    executor: Executor,
    work: Work<unknown>,
    { isOrdered, buffersize, onProgress }: Pick<MapOptions, 'onProgress'> & { isOrdered: boolean; buffersize: number },
  ) {
    this.pool = pool;
    this.#executor = executor;
    this.#work = work;
    const iterable = work.items as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null;
    const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
    if (iterator === undefined)
      throw new TypeError('items must be iterable: an array, a generator, an async generator');
    this.#input = iterator;
    this.#isOrdered = isOrdered;
    this.#buffersize = buffersize;
    this.#onProgress = onProgress && ((done) => this.#context.runInAsyncScope(onProgress, undefined, done));
    const { signal } = work.options;
    signal?.throwIfAborted();
    this.#stopListening = signal && onAbort(signal, this.#onAbort);
    executor.admission.addFeeder(this);
    this.#read();
  }

  hurry(): void {
    this.#buffersize = Number.POSITIVE_INFINITY;
    this.#read();
  }

  readonly #onAbort = (): void => {
    const wasOver = this.#isInputOver;
    this.#isInputOver = false;
    this.#endInput({ error: this.#work.options.signal?.reason });
    // Progress that has not been reported yet is not reported any more.
    this.#pending.clear();
    this.#portions.length = 0;
    this.#ready = [];
    if (!wasOver) this.#closeInput().catch(() => {});
  };

  /** Ends the input: no item is read any more. */
  #endInput(error?: { readonly error: unknown }): void {
    if (this.#isInputOver) return;
    this.#isInputOver = true;
    this.#inputError = error;
    this.#executor.admission.removeFeeder(this);
    this.#wake?.();
  }

  async #closeInput(): Promise<void> {
    await this.#context.runInAsyncScope(() => this.#input.return?.());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Ends the iteration: closes the input, and ends the tasks that have not ended. */
  async return(): Promise<IteratorResult<R, undefined>> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#stopListening?.();
      this.#wake?.();
      const reason = new DOMException('The iteration was left.', 'AbortError');
      for (const { task } of this.#pending) if (task !== undefined) this.#executor.end(task, reason);
      const wasOver = this.#isInputOver;
      this.#endInput();
      if (!wasOver) await this.#closeInput();
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
        this.#stopListening?.();
        if (this.#inputError !== undefined) throw this.#inputError.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Takes the first outcome of the next portion that has ended. */
  #shiftPortion(): Ending | undefined {
    const outcomes = this.#portions[0]?.outcomes;
    if (outcomes === undefined) return undefined;
    this.#portions.shift();
    this.#ready = outcomes;
    return this.#ready.shift();
  }

  /** Reads the input as far as the buffer allows; one reader at a time. */
  #read(): void {
    this.#reading ??= this.#context.runInAsyncScope(this.#readOn, this).finally(() => {
      this.#reading = undefined;
      // Room may have appeared after the reader's last check.
      if (!this.#isInputOver && !this.#isClosed && this.#open < this.#buffersize) this.#read();
    });
  }

  async #readOn(): Promise<void> {
    let chunk: unknown[] = [];
    while (!this.#isInputOver && !this.#isClosed && this.#open < this.#buffersize) {
      let item: IteratorResult<unknown> | undefined;
      let failure: { readonly error: unknown } | undefined;
      try {
        item = await this.#input.next();
      } catch (error) {
        failure = { error };
      }
      if (this.#isClosed || this.#isInputOver) return;
      const isOver = item === undefined || item.done === true;
      if (!isOver) {
        this.#open++;
        chunk.push(item?.value);
      }
      // A full buffer sends an incomplete chunk: no item can be read before its results are there.
      if (chunk.length > 0 && (chunk.length === this.#work.chunksize || isOver || this.#open >= this.#buffersize)) {
        this.#send(chunk);
        chunk = [];
      }
      if (isOver) this.#endInput(failure);
    }
  }

  #send(input: unknown[]): void {
    const portion: Portion = { length: input.length, task: undefined, outcomes: undefined };
    if (this.#isOrdered) this.#portions.push(portion);
    this.#pending.add(portion);
    const { fn, how, options } = this.#work;
    const start = this.#submitted;
    this.#submitted += input.length;
    const sink = {
      settle: (message: TaskOutcome) => this.#finish(portion, outcomesOf(message, input.length)),
      fail: (error: unknown) => this.#finish(portion, outcomesOf([outcome.ERROR, error], input.length)),
    };
    try {
      portion.task = this.#executor.submit({ fn, how, input, start, options, sink }, this);
    } catch (error) {
      if (!this.#executor.admission.isOver) {
        sink.fail(error);
        return;
      }
      this.#pending.delete(portion);
      if (this.#isOrdered) this.#portions.pop();
      this.#endInput({ error });
      this.#closeInput().catch(() => {});
    }
  }

  #finish(portion: Portion, outcomes: Ending[]): void {
    if (!this.#pending.delete(portion)) return;
    portion.outcomes = outcomes;
    if (!this.#isOrdered) this.#portions.push(portion);
    this.#done += portion.length;
    if (!this.#isClosed) callLater(this.#onProgress, this.#done);
    this.#wake?.();
  }
}

function outcomesOf(message: TaskOutcome, length: number): Ending[] {
  if (message[0] === outcome.RESULTS) {
    const outcomes: Ending[] = message[1].map((value) => ({ value }));
    for (const [i, error] of message[2]) outcomes[i] = { error };
    return outcomes;
  }
  return Array.from({ length }, () => ({ error: message[1] }));
}

staysHere(ResultIterator, 'send the results');
