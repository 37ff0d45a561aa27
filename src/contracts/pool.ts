import type { Awaitable } from './awaitable.ts';
import type { WaitOptions } from './options.ts';
import type { MapOptions, TaskOptions } from './task-options.ts';

/** Any typed array; not a `DataView`, which has no items. */
export type NumberArray = ArrayBufferView & ArrayLike<number | bigint>;
/** Anything but a typed array: chunks of a typed array are typed arrays too. */
export type NoNumberArray = { readonly BYTES_PER_ELEMENT?: undefined };
/** The input of `map`: an iterable, or an async iterable. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** Numbers about a pool at one moment, the result of `stats()`. */
export interface PoolStats {
  /** The number of living workers. */
  readonly workers: number;
  /** The number of workers started since the pool was made. */
  readonly started: number;
  /** The number of workers that did not end by themselves. */
  readonly lost: number;
  /** The number of tasks not settled yet; a chunk counts as one task. */
  readonly outstanding: number;
  /** The number of settled tasks; a chunk counts as one task. */
  readonly done: number;
  /** The number of tasks that rejected; they count in `done` too. */
  readonly failed: number;
}

/** The options of `map` that every pool accepts. `onProgress` is missing: a callback of this process cannot be sent to a server. */
export type AnyMapOptions = TaskOptions & Pick<MapOptions, 'chunksize' | 'failFast'>;

/**
 * The methods of all pools, whether their workers belong to this program or to the server of a manager. A function with a parameter of this
 * type accepts any of them. It must await each call, because some pools return a promise where others return a value.
 *
 * A task rejects with the error that it throws, with `WorkerLostError` if its worker ends, with `TimeoutError` after its time-out, or
 * with the signal's reason. After `close()` or `terminate()` a new task rejects with `ClosedError`. `terminate()` rejects the outstanding
 * tasks too. `applyAsync`, `mapAsync` and `starmapAsync` are missing: awaiting an `AsyncResult` gives the value, so a function could not
 * await these calls for every pool.
 *
 * @example
 * import { type AnyPool, Pool } from 'multiproc';
 * import assert from 'node:assert';
 *
 * async function longest(pool: AnyPool, texts: string[]): Promise<number> {
 *   return Math.max(...(await pool.map((text) => text.length, texts)));
 * }
 * await using pool = new Pool(2);
 * assert.equal(await longest(pool, ['a', 'abc']), 3);
 */
export interface AnyPool {
  /** Runs `fn()` in a worker. Resolves to what `fn` returns, rejects with what `fn` throws. */
  apply<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Promise<Awaited<R>>;
  /** Runs `fn(...args)` in a worker. Resolves to what `fn` returns, rejects with what `fn` throws. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions,
  ): Promise<Awaited<R>>;
  /**
   * Runs `fn` on each item. Resolves to the results, in order. If items fail, rejects with the first error by index after all items have
   * ended, or at once with `failFast`.
   */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options?: AnyMapOptions): Promise<Awaited<R>[]>;
  /** Runs `fn(...item)` for each item, which is a list of arguments. Resolves to the results, in order. */
  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options?: AnyMapOptions,
  ): Promise<Awaited<R>[]>;
  /** Calls `fn` with parts of a typed array and the index of each part's first item. Resolves to one result per part. */
  mapChunks<T extends NumberArray, R>(
    fn: (chunk: T, start: number) => R,
    items: T,
    options?: AnyMapOptions,
  ): Promise<Awaited<R>[]>;
  /** Calls `fn` with arrays of `chunksize` items and the index of each array's first item. Resolves to one result per array. */
  mapChunks<T, R>(
    fn: (chunk: T[], start: number) => R,
    items: Items<T> & NoNumberArray,
    options?: AnyMapOptions,
  ): Promise<Awaited<R>[]>;
  /**
   * Runs `fn` on each item of a lazily read input and iterates over the results in order. If an item fails, `next()` rejects and the
   * iteration goes on.
   */
  imap<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: Omit<AnyMapOptions, 'signal'>,
  ): Awaitable<AsyncIterableIterator<Awaited<R>>>;
  /** Runs `fn` on each item of a lazily read input and iterates over the results in the order in which they arrive. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: Omit<AnyMapOptions, 'signal'>,
  ): Awaitable<AsyncIterableIterator<Awaited<R>>>;
  /** Stops accepting tasks. Tasks already submitted still finish. May be repeated. */
  close(): Awaitable<void>;
  /** Ends all workers now. Every outstanding task rejects with a `ClosedError`. May be repeated. */
  terminate(): Awaitable<void>;
  /** Waits until all workers have ended. Rejects with a `StateError` before `close()` or `terminate()`. */
  join(options?: WaitOptions): Promise<void>;
  /** Returns numbers about the pool at this moment: workers and tasks. */
  stats(): Awaitable<PoolStats>;
}
