import type { AnyFunction } from '../../contracts/executor.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { AnyMapOptions, AnyPool, Items, NoNumberArray, NumberArray, PoolStats } from '../../contracts/pool.ts';
import { assertTask, type MapOptions, readMapOptions, type TaskOptions } from '../../contracts/task-options.ts';
import { gather, isIterable, listNow } from '../../pool/chunks.ts';
import { BaseProxy } from '../proxy.ts';
import type { IteratorProxy } from './iterator-proxy.ts';

/** A pool in a manager's server: its tasks run in processes of that machine. */
export class PoolProxy extends BaseProxy implements AnyPool {
  /** Runs `fn()` in a worker. Resolves to what `fn` returns, rejects with what `fn` throws. */
  apply<R>(fn: () => R, args?: readonly [], options?: TaskOptions): Promise<Awaited<R>>;
  /** Runs `fn(...args)` in a worker. Resolves to what `fn` returns, rejects with what `fn` throws. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: TaskOptions,
  ): Promise<Awaited<R>>;
  apply(fn: AnyFunction, args?: readonly unknown[], options?: TaskOptions): Promise<unknown> {
    return this.#run('apply', fn, args, options);
  }

  /** Runs `fn()` in a worker. Resolves to a proxy of its result as soon as the pool has accepted the task. */
  applyAsync<R>(fn: () => R, args?: readonly [], options?: RemoteTaskOptions): Promise<AsyncResultProxy<Awaited<R>>>;
  /** Runs `fn(...args)` in a worker. Resolves to a proxy of its result as soon as the pool has accepted the task. */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A],
    options?: RemoteTaskOptions,
  ): Promise<AsyncResultProxy<Awaited<R>>>;
  applyAsync(fn: AnyFunction, args?: readonly unknown[], options?: RemoteTaskOptions): Promise<unknown> {
    return this.call('applyAsync', [fn, args, options]);
  }

  /** Runs `fn` on each item. Resolves to the results, in the order of the items. Rejects with the first error by index. */
  map<T, R>(fn: (item: T) => R, items: Items<T>, options?: AnyMapOptions): Promise<Awaited<R>[]> {
    return this.#runAll('map', fn, items, options) as Promise<Awaited<R>[]>;
  }

  /** Runs `fn` on each item. Resolves to a proxy of all results as soon as the pool has accepted the tasks. */
  mapAsync<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: RemoteMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.call('mapAsync', [fn, listNow(items), options]);
  }

  /** Runs `fn(...item)` for each item, which is a list of arguments. Resolves to the results, in the order of the items. */
  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options?: AnyMapOptions,
  ): Promise<Awaited<R>[]> {
    return this.#runAll('starmap', fn, items, options) as Promise<Awaited<R>[]>;
  }

  /**
   * Runs `fn(...item)` for each item, which is a list of arguments. Resolves to a proxy of all results as soon as the pool has accepted
   * the tasks.
   */
  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<readonly [...A]>,
    options?: RemoteMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.call('starmapAsync', [fn, listNow(items), options]);
  }

  /**
   * Calls `fn` with parts of a typed array and the index of each part's first item. Each part is a typed array of the same kind. Resolves
   * to one result per part.
   */
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
  mapChunks(fn: AnyFunction, items: unknown, options?: AnyMapOptions): Promise<unknown[]> {
    return this.#runAll('mapChunks', fn, items as Items<unknown>, options);
  }

  /** Runs `fn` on the items, a few at a time. Resolves to an iterator of the results, in the order of the items. */
  imap<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: RemoteMapOptions): Promise<IteratorProxy<Awaited<R>>> {
    return this.call('imap', [fn, listNow(items), options]);
  }

  /** Runs `fn` on the items, a few at a time. Resolves to an iterator of the results, in the order in which they arrive. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: RemoteMapOptions,
  ): Promise<IteratorProxy<Awaited<R>>> {
    return this.call('imapUnordered', [fn, listNow(items), options]);
  }

  /** Stops accepting tasks; tasks that are already submitted still finish. May be repeated. */
  close(): Promise<void> {
    return this.call('close');
  }

  /** Ends all workers at once; every outstanding result rejects with a `ClosedError`. May be repeated. */
  terminate(): Promise<void> {
    return this.call('terminate');
  }

  /** Waits until all workers have ended. Rejects with a `StateError` before `close()` or `terminate()`. */
  join(options?: WaitOptions): Promise<void> {
    return this.call('join', [], options);
  }

  /** Resolves to numbers about the pool at this moment. */
  stats(): Promise<PoolStats> {
    return this.call('stats');
  }

  /** Resolves to the largest number of workers. */
  size(): Promise<number> {
    return this.call('size');
  }

  /** Resolves to the process ids of the living workers, on the machine of the server. */
  pids(): Promise<number[]> {
    return this.call('pids');
  }

  /** Lets the server wait for the end of tasks. The signal stays here: an abort of the call ends its tasks there. */
  async #run(method: string, fn: AnyFunction, given: unknown, options: AnyMapOptions = {}): Promise<unknown> {
    assertTask(fn);
    readMapOptions(options);
    const { signal, ...rest } = options;
    return await this.call(method, [fn, given, rest], signal && { signal });
  }

  async #runAll(method: string, fn: AnyFunction, items: Items<unknown>, options?: AnyMapOptions): Promise<unknown[]> {
    // At once if it can be: a close() right after this call must not come between.
    const listed = isIterable(items) ? listNow(items) : await gather(items);
    return (await this.#run(method, fn, listed, options)) as unknown[];
  }
}

/** The options of a task of a `PoolProxy` whose result is read later: those that can be sent. */
export type RemoteTaskOptions = Pick<TaskOptions, 'timeout' | 'retries' | 'priority'>;
/** The options of `mapAsync` and `imap` of a `PoolProxy`: those that can be sent. */
export type RemoteMapOptions = RemoteTaskOptions & Pick<MapOptions, 'chunksize' | 'buffersize' | 'failFast'>;

/** The result of a task of a `PoolProxy`. */
export class AsyncResultProxy<R = unknown> extends BaseProxy {
  /** Waits for the result. Resolves to the result of the task, rejects with its error, or with a `TimeoutError` after the time-out. */
  get(options?: WaitOptions): Promise<R> {
    return this.call('get', [], options);
  }

  /** Waits until the task has ended. Resolves to true, or to false after the time-out. */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.call('wait', [], options);
  }

  /** Resolves to true if the task has ended. */
  ready(): Promise<boolean> {
    return this.call('ready');
  }

  /** Resolves to true if the task ended without an error. Rejects with a `StateError` if the task has not ended. */
  successful(): Promise<boolean> {
    return this.call('successful');
  }

  /** Ends the task: a waiting task never starts, the worker of a running task is ended. */
  cancel(): Promise<void> {
    return this.call('cancel');
  }
}
