import { StateError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import { asOurselves } from '../loaded-for-functions.ts';
import { assertOptionType, checkOptionNames, readTimeout, type WaitOptions } from '../options.ts';
import { cpuCount } from '../process/cpu-count.ts';
import { startMethodOf } from '../process/start-method.ts';
import { checkStartOptions, type StartOptions } from '../process/start-options.ts';
import { awaitEvent } from '../sync/await-event.ts';
import type { AsyncResult } from './async-result.ts';
import { AsyncSink, type Callbacks } from './async-sink.ts';
import type { Batch, BatchEnd, MapOptions } from './batch.ts';
import { CallSink } from './call-sink.ts';
import { defaultChunksize, gather, isIterable, listNow } from './chunks.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type Interruptible, unwatchInterrupt, watchInterrupt } from './interrupt.ts';
import type { Job, Sink, SubmitOptions, TaskOptions } from './job.ts';
import { callOf, type Way, way } from './messages.ts';
import { type PoolOptions, type PoolStats, poolOptionNames } from './pool-options.ts';
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
import { rememberWrapped } from './wrapped.ts';

const machinery = lazy<typeof import('./machinery.ts')>('pool', 'pool/machinery.ts');

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
    const given = typeof options === 'number' ? { processes: options } : options;
    checkOptionNames('Pool', given, poolOptionNames);
    const size = atLeastOne('processes', given.processes, cpuCount());
    assertOptionType('initializer', given.initializer, 'function');
    assertOptionType('finalizer', given.finalizer, 'function');
    assertOptionType('name', given.name, 'string');
    const initargs = given.initargs === undefined ? [] : argumentsOf(given.initargs, 'initargs', 'initializer');
    const startMethod = startMethodOf(given.context);
    const { env, execArgv, stdin, resourceLimits } = given;
    const start = { env, execArgv, stdin, resourceLimits } as StartOptions;
    checkStartOptions(start, startMethod);
    const { Dispatcher, poolDepth } = machinery();
    if (poolDepth >= MAX_DEPTH) {
      throw new StateError(
        `Pools are nested ${poolDepth} deep already: a task that makes a pool must come to an end somewhere.`,
      );
    }
    // Nothing starts yet: a module that is loaded for a function may make a pool.
    this.#dispatcher = asOurselves(
      () =>
        new Dispatcher({
          size,
          name: given.name ?? 'PoolWorker',
          concurrency: atLeastOne('concurrency', given.concurrency, 1),
          maxTasks: atLeastOne('maxTasksPerChild', given.maxTasksPerChild, Infinity),
          maxMemory: atLeastOne('maxMemoryPerChild', given.maxMemoryPerChild, Infinity),
          initializer: given.initializer,
          initargs,
          finalizer: given.finalizer,
          startMethod,
          start,
        }),
    );
    this.#interruptible = interruptible(this.#dispatcher);
    watchInterrupt(this.#interruptible);
    forgotten.register(this, { dispatcher: this.#dispatcher, interruptible: this.#interruptible });
  }

  /** Runs `fn(...args)` in a worker. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
    options: TaskOptions = NONE,
  ): Promise<Awaited<R>> {
    return settled('apply', options?.signal, (resolve, reject) => {
      this.#call(fn, args, readOptions(options), new CallSink(resolve as (value: unknown) => void, reject));
    });
  }

  /**
   * The same, for when the result is wanted later, or by a callback. Throws at once what is wrong with the call itself; what is
   * wrong with the task, such as an argument that cannot be sent, or with the workers, is the result's error.
   */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
    options: TaskOptions & Callbacks<Awaited<R>> = NONE,
  ): AsyncResult<Awaited<R>> {
    assertTask(fn);
    this.#dispatcher.assertNotEnded();
    const list = argumentsOf(args);
    const submit = readOptions(options);
    checkCallbacks(options);
    const sink = new AsyncSink<Awaited<R>>(this.#dispatcher, options);
    try {
      sink.task = this.#call(fn, list, submit, sink);
    } catch (error) {
      sink.fail(error);
    }
    return sink.result;
  }

  /** The same, blocking the thread. */
  applySync<A extends readonly unknown[], R>(fn: (...args: A) => R, args?: A, options: TaskOptions = NONE): Awaited<R> {
    const outcome = new SyncOutcome();
    this.#call(fn, args, readOptions(options), new CallSink(outcome.succeed, outcome.fail));
    return outcome.await(this.#dispatcher) as Awaited<R>;
  }

  /**
   * Runs `fn` on each item and answers the results in order. It waits for all of them, and then rejects with the first error by
   * index; with `failFast` it rejects at once and ends the rest.
   */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options: MapOptions = {}): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.EACH, items, options) as Promise<Awaited<R>[]>;
  }

  /** The same, for when the results are wanted later, or by a callback. */
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
    items: Items<A>,
    options: MapOptions = {},
  ): Promise<Awaited<R>[]> {
    return this.#batch(fn, way.STAR, items, options) as Promise<Awaited<R>[]>;
  }

  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<A>,
    options: MapOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#batchAsync(fn, way.STAR, items, options);
  }

  /**
   * Calls `fn` with whole chunks and the index of each one's first item; one result a chunk. Chunks of a typed array arrive as
   * typed arrays and are not copied item by item: this is the way for numbers in bulk.
   */
  mapChunks<T, R>(fn: (chunk: T[], start: number) => R, items: Items<T>, options?: MapOptions): Promise<Awaited<R>[]>;
  mapChunks<T extends ArrayBufferView, R>(
    fn: (chunk: T, start: number) => R,
    items: T,
    options?: MapOptions,
  ): Promise<Awaited<R>[]>;
  mapChunks(fn: AnyFunction, items: unknown, options: MapOptions = {}): Promise<unknown[]> {
    return this.#batch(fn, way.CHUNK, items as Items<unknown>, options);
  }

  /** `map`, blocking the thread; the items must be there at once. */
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

  /** The same, results as they come. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Items<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<Awaited<R>> {
    return this.#iterate(fn, items, options, false);
  }

  /**
   * A function that does the same in a worker. It may be sent to other processes, also into tasks: there it asks this process
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

  /** Takes no more tasks; those that there are are finished. May be repeated. */
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
const forgotten = new FinalizationRegistry<{ dispatcher: Dispatcher; interruptible: Interruptible }>(
  ({ dispatcher, interruptible }) => {
    dispatcher.close();
    dispatcher.ended().then(() => unwatchInterrupt(interruptible));
  },
);

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
