import { StateError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { asOurselves } from '../loaded-for-functions.ts';
import { readTimeout, type WaitOptions } from '../options.ts';
import { awaitEvent } from '../sync/await-event.ts';
import type { AsyncResult } from './async-result.ts';
import { AsyncSink } from './async-sink.ts';
import type { Batch, BatchEnd } from './batch.ts';
import { CallSink } from './call-sink.ts';
import { defaultChunksize, gather, isIterable, listNow, type NoNumberArray, type NumberArray } from './chunks.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type Interruptible, unwatchInterrupt, watchInterrupt } from './interrupt.ts';
import type { Job, Sink } from './job.ts';
import { callOf, type Way, way } from './messages.ts';
import type { PoolOptions, PoolStats } from './pool-options.ts';
import { readPoolOptions } from './pool-settings.ts';
import type { ResultIterator } from './result-iterator.ts';
import { settled } from './settled.ts';
import { SyncOutcome } from './sync-outcome.ts';
import {
  argumentsOf,
  assertTask,
  atLeastOne,
  checkCallbacks,
  NONE,
  readMapOptions,
  readOptions,
} from './task-arguments.ts';
import type { Callbacks, MapOptions, SubmitOptions, TaskOptions } from './task-options.ts';
import { rememberWrapped } from './wrapped.ts';

const machinery = lazy(() => require('./machinery.ts') as typeof import('./machinery.ts'));

/** How deep pools may be nested in tasks of pools: each level multiplies the number of processes. */
const MAX_DEPTH = 8;

type Items<T> = Iterable<T> | AsyncIterable<T>;
// biome-ignore lint/suspicious/noExplicitAny: each call checks the types of its own function.
type AnyFunction = (...args: any[]) => unknown;

/**
 * Worker processes that run functions for you. Any function, closures included; it is sent once to each worker. Every way a
 * task can end settles its promise, and what one task does harms no other: a worker that dies is replaced.
 *
 * Workers start when there is work for them. For a function that takes microseconds give many items at once (`map` with its
 * default chunks, `mapChunks`): a task costs some 10 µs.
 *
 * @example
 * import { Pool } from 'multiproc';
 * import assert from 'node:assert';
 *
 * await using pool = new Pool(2);
 * assert.equal(await pool.apply(Math.max, [3, 7]), 7);
 * assert.deepEqual(await pool.map((x) => x * x, [1, 2, 3]), [1, 4, 9]);
 */
export class Pool implements AsyncDisposable {
  readonly #dispatcher: Dispatcher;
  readonly #interruptible: Interruptible;
  #isJoinable = false;

  constructor(options: number | PoolOptions = {}) {
    const settings = readPoolOptions(options);
    const { Dispatcher, poolDepth } = machinery();
    if (poolDepth() >= MAX_DEPTH) {
      throw new StateError(
        `Pools are nested ${poolDepth()} deep already: a task that makes a pool must come to an end somewhere.`,
      );
    }
    // Nothing starts yet: a module that is loaded for a function may make a pool.
    this.#dispatcher = asOurselves(() => new Dispatcher(settings));
    this.#interruptible = interruptible(this.#dispatcher);
    watchInterrupt(this.#interruptible);
    forgotten.register(this, { dispatcher: this.#dispatcher, interruptible: this.#interruptible });
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
   * Runs `fn()` in a worker and returns its `AsyncResult` at once: for a result that is wanted later, or by a callback. Throws what is
   * wrong with the call itself; what is wrong with the task or with the workers is the result's error.
   */
  applyAsync<R>(
    fn: () => R,
    args?: readonly [],
    options?: TaskOptions & Callbacks<Awaited<R>>,
  ): AsyncResult<Awaited<R>>;
  /**
   * Runs `fn(...args)` in a worker and returns its `AsyncResult` at once: for a result that is wanted later, or by a callback. Throws what
   * is wrong with the call itself; what is wrong with the task, such as an argument that cannot be sent, or with the workers, is the
   * result's error.
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
    this.#dispatcher.assertNotEnded();
    const list = argumentsOf(args);
    const submit = readOptions(options);
    checkCallbacks(options);
    const sink = new AsyncSink<unknown>(this.#dispatcher, options);
    try {
      sink.task = this.#call(fn, list, submit, sink);
    } catch (error) {
      sink.fail(error);
    }
    return sink.result;
  }

  /** Runs `fn()` in a worker and blocks the thread until it has ended; returns what it returns, throws what it throws. */
  applySync<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Awaited<R>;
  /** Runs `fn(...args)` in a worker and blocks the thread until it has ended; returns what it returns, throws what it throws. */
  applySync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions,
  ): Awaited<R>;
  applySync(fn: AnyFunction, args?: readonly unknown[], options: TaskOptions = NONE): unknown {
    const outcome = new SyncOutcome();
    this.#call(fn, args, readOptions(options), new CallSink(outcome.succeed, outcome.fail));
    return outcome.await(this.#dispatcher);
  }

  /**
   * Runs `fn` on each item; resolves to the results, in the order of the items. It waits for all of them, and then rejects with the first
   * error by index; with `failFast` it rejects at once and ends the rest.
   */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.EACH, items, options) as Promise<Awaited<R>[]>;
  }

  /** Runs `fn` on each item and returns the `AsyncResult` of all at once: for results that are wanted later, or by a callback. */
  mapAsync<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: MapOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#batchAsync(fn, way.EACH, items, options);
  }

  /** `map` for a function of several arguments: each item is the list of them. */
  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options: MapOptions = {},
  ): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.STAR, items, options) as Promise<Awaited<R>[]>;
  }

  /** `mapAsync` for a function of several arguments: each item is the list of them. */
  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options: MapOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#batchAsync(fn, way.STAR, items, options);
  }

  /**
   * Calls `fn` with parts of a typed array, which are typed arrays of the same kind, and the index of each part's first item; resolves to
   * one result a part. The parts are not copied item by item: this is the way for numbers in bulk.
   */
  mapChunks<T extends NumberArray, R>(
    fn: (chunk: T, start: number) => R,
    items: T,
    options?: MapOptions,
  ): Promise<Awaited<R>[]>;
  /**
   * Calls `fn` with arrays of `chunksize` items and the index of each array's first item; resolves to one result an array. For a function
   * that can do many items at once better than one by one.
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
   * Runs `fn` on each item and blocks the thread until all have ended; returns the results, in the order of the items. The items must be
   * there at once: no async iterable.
   */
  mapSync<T, R>(fn: (item: T) => R, items: Iterable<T>, options: MapOptions = {}): Awaited<R>[] {
    assertTask(fn);
    this.#dispatcher.assertOpen();
    readMapOptions(options);
    const outcome = new SyncOutcome();
    this.#start(fn, way.EACH, listNow(items), options, outcome);
    return outcome.await(this.#dispatcher) as Awaited<R>[];
  }

  /**
   * `map` over an input that is read lazily, results in order: for inputs without end, or too large to hold. See `buffersize`.
   * An item's error does not end the iteration: catch it and call `next()` again. Leaving the loop ends the rest.
   */
  imap<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): AsyncIterableIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, true);
  }

  /** `imap` with the results in the order in which they come, and so the quick ones first. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, false);
  }

  /**
   * Returns a function that runs `fn` in a worker. It may be sent to other processes, also into tasks: there it asks this process
   * to run it in the pool.
   */
  wrap<A extends unknown[], R>(
    fn: (...args: A) => R,
    options: TaskOptions = NONE,
  ): (...args: A) => Promise<Awaited<R>> {
    assertTask(fn);
    readOptions(options);
    const callable = (...args: A) => this.apply(fn, args, options);
    rememberWrapped(callable, { board: this.#dispatcher.board, fn, options });
    this.#dispatcher.listen(({ fn, args, options }) => this.apply(fn, args, options));
    return callable;
  }

  /** Takes no more tasks, and finishes those that it has. May be repeated. */
  close(): void {
    this.#dispatcher.close();
    this.#isJoinable = true;
  }

  /** Ends all workers now; every outstanding result rejects with a `ClosedError`. May be repeated. */
  terminate(): void {
    this.#dispatcher.terminate();
    this.#isJoinable = true;
  }

  /** Waits until all workers have ended, after `close()` or `terminate()`. */
  async join(options?: WaitOptions): Promise<void> {
    if (!this.#isJoinable) throw new StateError('This Pool is open: close() or terminate() it before you join it.');
    readTimeout(options);
    const ended = this.#dispatcher.ended();
    ended.then(() => unwatchInterrupt(this.#interruptible));
    await awaitEvent((done) => ended.then(done), options);
  }

  /** Closes the pool and joins it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.join();
  }

  /** How many workers there may be. */
  get size(): number {
    return this.#dispatcher.crew.size;
  }

  /** The process ids of the workers that live. */
  get pids(): number[] {
    return this.#dispatcher.crew.pids;
  }

  /** Numbers about the pool at this moment. */
  stats(): PoolStats {
    const { crew, counts } = this.#dispatcher;
    return { ...crew.counts, ...counts };
  }

  #call(fn: AnyFunction, args: readonly unknown[] | undefined, options: SubmitOptions, sink: Sink): Job {
    assertTask(fn);
    return this.#dispatcher.submit(fn, way.CALL, argumentsOf(args), 0, options, sink);
  }

  #start(fn: AnyFunction, how: Way, items: ArrayLike<unknown>, options: MapOptions, end: BatchEnd): Batch {
    const chunksize = options.chunksize ?? defaultChunksize(items.length, this.size);
    return new (machinery().Batch)(this.#dispatcher, fn, how, items, chunksize, options, readOptions(options), end);
  }

  /** Starts a batch as soon as its items are there. */
  async #batch(fn: AnyFunction, how: Way, items: Items<unknown>, options: MapOptions): Promise<unknown[]> {
    assertTask(fn);
    this.#dispatcher.assertOpen();
    readMapOptions(options).signal?.throwIfAborted();
    // At once if it can be: a close() right after this call must not come between.
    const list = isIterable(items) ? listNow(items) : await gather(items);
    return settled(callOf[how], options.signal, (succeed, fail) => {
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
    this.#dispatcher.assertNotEnded();
    readMapOptions(options);
    checkCallbacks(options);
    const sink = new AsyncSink<R[]>(this.#dispatcher, options);
    const begin = (list: ArrayLike<unknown>) => {
      this.#dispatcher.assertOpen();
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
    this.#dispatcher.assertNotEnded();
    const submit = readMapOptions(options);
    const chunksize = options.chunksize ?? 1;
    const buffersize = atLeastOne('buffersize', options.buffersize, 4 * this.size * chunksize);
    return new (machinery().ResultIterator)(
      this,
      this.#dispatcher,
      fn,
      items,
      isOrdered,
      chunksize,
      buffersize,
      options,
      submit,
    );
  }
}

/** A pool that nobody can reach any more finishes what it has and lets its workers go. */
const forgotten = new FinalizationRegistry<{
  dispatcher: Dispatcher;
  interruptible: Interruptible;
}>(({ dispatcher, interruptible }) => {
  dispatcher.close();
  dispatcher.ended().then(() => unwatchInterrupt(interruptible));
});

/** What Ctrl-C does to a pool; without the pool itself, which may be forgotten. */
function interruptible(dispatcher: Dispatcher): Interruptible {
  return {
    isBusy: () => !dispatcher.isOver && dispatcher.outstanding > 0,
    drain: async () => {
      dispatcher.close();
      await dispatcher.ended();
    },
    terminate: () => dispatcher.terminate(),
  };
}
