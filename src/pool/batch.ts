import { LONGEST_AT_ONCE } from '../codec/array-properties.ts';
import { type Executor, type Outcome, outcome, type Sink, type Task, way } from '../contracts/executor.ts';
import type { MapOptions } from '../contracts/task-options.ts';
import { callLater } from './callbacks.ts';
import { inCallersContext } from './callers-context.ts';
import { cut } from './chunks.ts';

/** Receives the end of a batch. */
export interface BatchEnd {
  succeed(values: unknown[]): void;
  fail(error: unknown): void;
}

/** A function and the items that it runs on. `options` are those of each task. */
export interface Work<Items = ArrayLike<unknown>> extends Pick<Task, 'fn' | 'how' | 'options'> {
  readonly items: Items;
  readonly chunksize: number;
}

/** Runs a function over all items of a list, chunk by chunk, and gathers the results in order. */
export class Batch {
  readonly #executor: Executor;
  readonly #tasks: unknown[] = [];
  /** What each chunk resulted in. */
  readonly #parts: unknown[];
  /** True if the result of a chunk is one result of the batch. */
  readonly #areSingle: boolean;
  readonly #total: number;
  readonly #isFailFast: boolean;
  readonly #onProgress: ((done: number, total?: number) => unknown) | undefined;
  readonly #end: BatchEnd;
  #done = 0;
  #left: number;
  #firstError: { index: number; error: unknown } | undefined;
  #isSettled = false;

  constructor(executor: Executor, work: Work, { failFast, onProgress }: MapOptions, end: BatchEnd) {
    const { fn, how, items, chunksize, options } = work;
    this.#executor = executor;
    this.#isFailFast = failFast ?? false;
    this.#onProgress = inCallersContext(onProgress);
    this.#end = end;
    this.#total = items.length;
    const chunks = Math.ceil(items.length / chunksize);
    this.#parts = filled(chunks);
    this.#areSingle = how === way.CHUNK || chunksize === 1;
    this.#left = chunks;
    if (chunks === 0) this.#settle();
    for (let number = 0; number < chunks; number++) {
      // A failure of an earlier chunk has ended the batch.
      if (this.#isSettled) return;
      const start = number * chunksize;
      const input = cut(items, start, chunksize);
      const sink = new ChunkSink(this, start, input.length, number);
      try {
        this.#tasks.push(executor.submit({ fn, how, input, start, options, sink, isFollowed: number < chunks - 1 }));
      } catch (error) {
        sink.fail(error);
      }
    }
  }

  /** Ends all chunks that have not ended. */
  cancel(error: unknown): void {
    for (const task of this.#tasks) this.#executor.end(task, error);
  }

  take(message: Outcome, start: number, number: number): void {
    if (message[0] === outcome.RESULT) {
      this.#parts[number] = message[1];
    } else if (message[0] === outcome.RESULTS) {
      this.#parts[number] = this.#areSingle ? message[1][0] : message[1];
      for (const [i, error] of message[2]) this.fail(start + i, error);
    } else {
      this.fail(start, message[1]);
    }
  }

  fail(index: number, error: unknown): void {
    if (this.#firstError === undefined || index < this.#firstError.index) this.#firstError = { index, error };
    if (!this.#isFailFast || this.#isSettled) return;
    this.#settle();
    this.cancel(error);
  }

  chunkDone(length: number): void {
    this.#left--;
    this.#done += length;
    if (!this.#isSettled) callLater(this.#onProgress, this.#done, this.#total);
    if (this.#left === 0 && !this.#isSettled) this.#settle();
  }

  #settle(): void {
    this.#isSettled = true;
    if (this.#firstError !== undefined) this.#end.fail(this.#firstError.error);
    else this.#end.succeed(this.#areSingle ? this.#parts : joined(this.#parts as unknown[][]));
  }
}

/**
 * Returns an array with room for `count` results. If the last part of an array is written first, the engine makes it a dictionary, which
 * is 50 times slower.
 */
function filled(count: number): unknown[] {
  const values: unknown[] = new Array(Math.min(count, LONGEST_AT_ONCE)).fill(undefined);
  while (values.length < count) values.push(undefined);
  return values;
}

/** The number of lists that one call of `concat` joins: each is an argument, and the stack has an end. */
const AT_ONCE = 1024;

/** Returns the elements of all lists, in order. `concat` copies memory: it is quick from its first call on, which a loop in a new process is not. */
function joined(lists: unknown[][]): unknown[] {
  let left = lists;
  while (left.length > 1) {
    const longer: unknown[][] = [];
    for (let i = 0; i < left.length; i += AT_ONCE) longer.push(([] as unknown[]).concat(...left.slice(i, i + AT_ONCE)));
    left = longer;
  }
  return left[0] ?? [];
}

/** Receives the end of one chunk. */
class ChunkSink implements Sink {
  readonly #batch: Batch;
  readonly #start: number;
  readonly #length: number;
  readonly #number: number;

  constructor(batch: Batch, start: number, length: number, number: number) {
    this.#batch = batch;
    this.#start = start;
    this.#length = length;
    this.#number = number;
  }

  settle(message: Outcome): void {
    this.#batch.take(message, this.#start, this.#number);
    this.#batch.chunkDone(this.#length);
  }

  fail(error: unknown): void {
    this.#batch.fail(this.#start, error);
    this.#batch.chunkDone(this.#length);
  }
}
