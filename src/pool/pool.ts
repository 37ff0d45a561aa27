import { StateError } from '../contracts/errors.ts';
import { type AnyFunction, callOf, type Executor, type Sink, type Way, way } from '../contracts/executor.ts';
import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import type { AnyPool, Items, NoNumberArray, NumberArray, PoolStats } from '../contracts/pool.ts';
import { staysHere } from '../contracts/stays-here.ts';
import type { Callbacks, MapOptions, SubmitOptions, TaskOptions } from '../contracts/task-options.ts';
import {
  argumentsOf,
  assertTask,
  atLeastOne,
  checkCallbacks,
  NONE,
  readMapOptions,
  readOptions,
} from '../contracts/task-options.ts';
import { lazy } from '../loading/lazy.ts';
import { asOurselves } from '../loading/loaded-for-functions.ts';
import { awaitEvent } from '../waits/await-event.ts';
import type { AsyncResult } from './async-result.ts';
import type { Batch, BatchEnd, Work } from './batch.ts';
import { defaultChunksize, gather, isIterable, listNow } from './chunks.ts';
import { makeElsewhere } from './elsewhere.ts';
import { type Interruptible, unwatchInterrupt, watchInterrupt } from './interrupt.ts';
import { looksLike } from './looks-like.ts';
import type { PoolOptions } from './pool-options.ts';
import { readPoolOptions } from './pool-settings.ts';
import type { ResultIterator } from './result-iterator.ts';
import { AsyncSink, CallSink, SyncOutcome, settled } from './sinks.ts';

const machinery = lazy(() => require('./machinery.ts') as typeof import('./machinery.ts'));

/** A friend of the class, not on its public face: returns what runs the tasks of a pool, for tasks that need no promise. */
export let executorOf: (pool: Pool) => Executor;

/** The deepest nesting of pools in tasks of pools: each level multiplies the number of processes. */
const MAX_DEPTH = 8;

/**
 * Worker processes that run functions. Any function can be a task, closures included; it is sent once to each worker. However a task
 * ends, its promise settles. A worker that dies is replaced, and the other tasks go on.
 *
 * Workers start when there is work for them. A task costs about 10 µs: if a function takes only microseconds, give it many items at once,
 * with `map` and its default chunks or with `mapChunks`.
 *
 * @example
 * import { Pool } from 'multiproc';
 * import assert from 'node:assert';
 *
 * await using pool = new Pool(2);
 * assert.equal(await pool.apply(Math.max, [3, 7]), 7);
 * assert.deepEqual(await pool.map((x) => x * x, [1, 2, 3]), [1, 4, 9]);
 */
export class Pool implements AnyPool, AsyncDisposable {
  static {
    executorOf = (pool) => pool.#executor;
  }

  readonly #executor: Executor;
  readonly #interruptible: Interruptible;
  #isJoinable = false;

  constructor(options: number | PoolOptions = {}) {
    const settings = readPoolOptions(options);
    const { Dispatcher, poolDepth } = machinery();
    if (poolDepth() >= MAX_DEPTH) {
      throw new StateError(
        `Pools are nested ${poolDepth()} deep already, and ${MAX_DEPTH} is the limit: look for a task that makes a pool whose task makes a pool, without end.`,
      );
    }
    // No worker starts yet: a module that is loaded for a function may make a pool.
    this.#executor = asOurselves(() =>
      settings.cluster === undefined ? new Dispatcher(settings) : makeElsewhere(settings),
    );
    this.#interruptible = interruptible(this.#executor);
    watchInterrupt(this.#interruptible);
    forgotten.register(this, { executor: this.#executor, interruptible: this.#interruptible });
  }

  /** Runs `fn()` in a worker; resolves to what it returns, rejects with what it throws. */
  apply<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Promise<Awaited<R>>;
  /** Runs `fn(...args)` in a worker; resolves to what it returns, rejects with what it throws. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions,
  ): Promise<Awaited<R>>;
  apply(fn: AnyFunction, args?: readonly unknown[], options: TaskOptions = NONE): Promise<unknown> {
    return settled('apply', options?.signal, (resolve, reject) => {
      this.#call(fn, args, readOptions(options), new CallSink(resolve as (value: unknown) => void, reject));
    });
  }

  /**
   * Runs `fn()` in a worker and returns its `AsyncResult` at once: use it for a result that you need later, or in a callback. Throws if the
   * arguments of this call are invalid. Errors of the task or of the workers are errors of the `AsyncResult`.
   */
  applyAsync<R>(
    fn: () => R,
    args?: readonly [],
    options?: TaskOptions & Callbacks<Awaited<R>>,
  ): AsyncResult<Awaited<R>>;
  /**
   * Runs `fn(...args)` in a worker and returns its `AsyncResult` at once: use it for a result that you need later, or in a callback. Throws
   * if the arguments of this call are invalid. Errors of the task, such as an element of `args` that cannot be sent, and errors of the
   * workers are errors of the `AsyncResult`.
   */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions & Callbacks<Awaited<R>>,
  ): AsyncResult<Awaited<R>>;
  applyAsync(
    fn: AnyFunction,
    args?: readonly unknown[],
    options: TaskOptions & Callbacks<unknown> = NONE,
  ): AsyncResult<unknown> {
    assertTask(fn);
    this.#executor.admission.assertNotEnded();
    const list = argumentsOf(args);
    const submit = readOptions(options);
    checkCallbacks(options);
    const sink = new AsyncSink<unknown>(this.#executor, options);
    try {
      sink.task = this.#call(fn, list, submit, sink);
    } catch (error) {
      sink.fail(error);
    }
    return sink.result;
  }

  /** Runs `fn()` in a worker and blocks the thread until the task has ended. Returns what `fn` returns, throws what `fn` throws. */
  applySync<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Awaited<R>;
  /** Runs `fn(...args)` in a worker and blocks the thread until the task has ended. Returns what `fn` returns, throws what `fn` throws. */
  applySync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions,
  ): Awaited<R>;
  applySync(fn: AnyFunction, args?: readonly unknown[], options: TaskOptions = NONE): unknown {
    this.#executor.assertSync();
    const outcome = new SyncOutcome();
    this.#call(fn, args, readOptions(options), new CallSink(outcome.succeed, outcome.fail));
    return outcome.await(this.#executor);
  }

  /**
   * Runs `fn` on each item and resolves to the results, in the order of the items. If items fail, `map` waits for all items, then rejects with the
   * first error by index. With `failFast` it rejects at once and ends the other tasks.
   */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.EACH, items, options) as Promise<Awaited<R>[]>;
  }

  /** Runs `fn` on each item and returns the `AsyncResult` of all items at once: use it for results that you need later, or in a callback. */
  mapAsync<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: MapOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#batchAsync(fn, way.EACH, items, options);
  }

  /** Runs `fn(...item)` for each item, which is a list of arguments. Resolves to the results, in the order of the items. */
  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options: MapOptions = {},
  ): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.STAR, items, options) as Promise<Awaited<R>[]>;
  }

  /** Runs `fn(...item)` for each item, which is a list of arguments, and returns the `AsyncResult` of all items at once. */
  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options: MapOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#batchAsync(fn, way.STAR, items, options);
  }

  /**
   * Calls `fn` with parts of a typed array and the index of each part's first item. Each part is a typed array of the same kind. Resolves to
   * one result per part. The parts are not copied item by item: use this method for many numbers.
   */
  mapChunks<T extends NumberArray, R>(
    fn: (chunk: T, start: number) => R,
    items: T,
    options?: MapOptions,
  ): Promise<Awaited<R>[]>;
  /**
   * Calls `fn` with arrays of `chunksize` items and the index of each array's first item. Resolves to one result per array. Use it for a
   * function that handles many items at once faster than one by one.
   */
  mapChunks<T, R>(
    fn: (chunk: T[], start: number) => R,
    items: Items<T> & NoNumberArray,
    options?: MapOptions,
  ): Promise<Awaited<R>[]>;
  mapChunks(fn: AnyFunction, items: unknown, options: MapOptions = {}): Promise<unknown[]> {
    return this.#batch(fn, way.CHUNK, items as Items<unknown>, options);
  }

  /**
   * Runs `fn` on each item and blocks the thread until all tasks have ended. Returns the results, in the order of the items. `items` cannot be an
   * async iterable.
   */
  mapSync<T, R>(fn: (item: T) => R, items: Iterable<T>, options: MapOptions = {}): Awaited<R>[] {
    assertTask(fn);
    this.#executor.admission.assertOpen();
    readMapOptions(options);
    this.#executor.assertSync();
    const outcome = new SyncOutcome();
    this.#start(fn, way.EACH, listNow(items), options, outcome);
    return outcome.await(this.#executor) as Awaited<R>[];
  }

  /**
   * Runs `fn` on each item and iterates over the results in order. The input is read lazily, at most `buffersize` items ahead: use it for
   * inputs that are endless or do not fit into memory. If an item fails, `next()` rejects and the iteration goes on: catch the error and
   * call `next()` again. Leaving the loop ends the other tasks.
   */
  imap<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): AsyncIterableIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, true);
  }

  /** Runs `fn` on each item of a lazily read input, as `imap` does, and iterates over the results in the order in which they arrive. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, false);
  }

  /**
   * Returns a function that runs `fn` in a worker. The returned function can be sent to other processes and to tasks. A call there asks this
   * process to run `fn` in the pool.
   */
  wrap<A extends unknown[], R>(
    fn: (...args: A) => R,
    options: TaskOptions = NONE,
  ): (...args: A) => Promise<Awaited<R>> {
    assertTask(fn);
    readOptions(options);
    const callable = (...args: A) => this.apply(fn, args, options);
    looksLike(callable, fn);
    this.#executor.wrap(callable, fn, options, ({ fn, args, options }) => this.apply(fn, args, options));
    return callable;
  }

  /** Stops accepting tasks; tasks that are already submitted still finish. May be repeated. */
  close(): void {
    this.#executor.close();
    this.#isJoinable = true;
  }

  /** Ends all workers at once; every outstanding result rejects with a `ClosedError`. May be repeated. */
  terminate(): void {
    this.#executor.terminate();
    this.#isJoinable = true;
  }

  /** Waits until all workers have ended, after `close()` or `terminate()`. */
  async join(options?: WaitOptions): Promise<void> {
    if (!this.#isJoinable) throw new StateError('This Pool is open: close() or terminate() it before you join it.');
    readTimeout(options);
    const ended = this.#executor.ended();
    ended.then(() => unwatchInterrupt(this.#interruptible));
    await awaitEvent((done) => ended.then(done), options);
  }

  /** Closes the pool and waits until all workers have ended. `await using` calls this method at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.join();
  }

  /** The largest number of workers. */
  get size(): number {
    return this.#executor.workers.size;
  }

  /** The process ids of the living workers. */
  get pids(): number[] {
    return this.#executor.workers.pids;
  }

  /** Returns numbers about the pool at this moment: workers and tasks. */
  stats(): PoolStats {
    const { workers, counts } = this.#executor;
    return { ...workers.counts, ...counts };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name} (${this.#isJoinable ? 'closed' : 'open'}, ${this.size} ${this.size === 1 ? 'worker' : 'workers'})`;
  }

  #call(fn: AnyFunction, args: readonly unknown[] | undefined, options: SubmitOptions, sink: Sink): unknown {
    assertTask(fn);
    return this.#executor.submit({ fn, how: way.CALL, input: argumentsOf(args), start: 0, options, sink });
  }

  #start(fn: AnyFunction, how: Way, items: ArrayLike<unknown>, options: MapOptions, end: BatchEnd): Batch {
    const chunksize = options.chunksize ?? defaultChunksize(items.length, this.size);
    const work: Work = { fn, how, items, chunksize, options: readOptions(options) };
    return new (machinery().Batch)(this.#executor, work, options, end);
  }

  /** Starts a batch as soon as its items have been read. */
  async #batch(fn: AnyFunction, how: Way, items: Items<unknown>, options: MapOptions): Promise<unknown[]> {
    assertTask(fn);
    this.#executor.admission.assertOpen();
    readMapOptions(options).signal?.throwIfAborted();
    // At once if it can be: a close() right after this call must not come between.
    const list = isIterable(items) ? listNow(items) : await gather(items);
    return await settled(callOf[how], options.signal, (succeed, fail) => {
      this.#start(fn, how, list, options, { succeed, fail });
    });
  }

  #batchAsync<R>(
    fn: AnyFunction,
    how: Way,
    items: Items<unknown>,
    options: MapOptions & Callbacks<R[]>,
  ): AsyncResult<R[]> {
    assertTask(fn);
    this.#executor.admission.assertNotEnded();
    readMapOptions(options);
    checkCallbacks(options);
    const sink = new AsyncSink<R[]>(this.#executor, options);
    const begin = (list: ArrayLike<unknown>) => {
      this.#executor.admission.assertOpen();
      if (!sink.result.ready()) sink.task = this.#start(fn, how, list, options, sink);
    };
    // At once if it can be: a close() right after this call must not come between.
    if (isIterable(items)) {
      try {
        begin(listNow(items));
      } catch (error) {
        sink.fail(error);
      }
    } else {
      gather(items)
        .then(begin)
        .catch((error) => sink.fail(error));
    }
    return sink.result;
  }

  #iterate<R>(fn: AnyFunction, items: Items<unknown>, options: MapOptions, isOrdered: boolean): ResultIterator<R> {
    assertTask(fn);
    this.#executor.admission.assertNotEnded();
    const submit = readMapOptions(options);
    const chunksize = options.chunksize ?? 1;
    const buffersize = atLeastOne('buffersize', options.buffersize, 4 * this.size * chunksize);
    const work = { fn, how: way.EACH, items, chunksize, options: submit };
    const { onProgress } = options;
    return new (machinery().ResultIterator)(this, this.#executor, work, { isOrdered, buffersize, onProgress });
  }
}

/** A pool that the program cannot reach any more is closed: it finishes its tasks and ends its workers. */
const forgotten = new FinalizationRegistry<{
  executor: Executor;
  interruptible: Interruptible;
}>(({ executor, interruptible }) => {
  executor.close();
  executor.ended().then(() => unwatchInterrupt(interruptible));
});

/** Returns what Ctrl-C needs of a pool. It must not refer to the `Pool`, which could otherwise never be collected. */
function interruptible(executor: Executor): Interruptible {
  return {
    isBusy: () => !executor.admission.isOver && executor.outstanding > 0,
    drain: async () => {
      executor.close();
      await executor.ended();
    },
    terminate: () => executor.terminate(),
  };
}

staysHere(Pool, 'send a function that pool.wrap() made');
