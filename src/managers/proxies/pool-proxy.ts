import type { WaitOptions } from '../../options.ts';
import type { MapOptions } from '../../pool/batch.ts';
import type { TaskOptions } from '../../pool/job.ts';
import type { PoolStats } from '../../pool/pool-options.ts';
import { BaseProxy } from '../proxy.ts';
import type { IteratorProxy } from './iterator-proxy.ts';

/** A pool of a manager's server: its tasks run in processes of that machine. Options with a `signal` go to `get` and `join` only. */
export class PoolProxy extends BaseProxy {
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
    options?: RemoteTaskOptions,
  ): Promise<Awaited<R>> {
    return this.call('apply', [fn, args, options]) as Promise<Awaited<R>>;
  }

  /** Resolves to the result's proxy as soon as the task is taken on. */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
    options?: RemoteTaskOptions,
  ): Promise<AsyncResultProxy<Awaited<R>>> {
    return this.call('applyAsync', [fn, args, options]) as Promise<AsyncResultProxy<Awaited<R>>>;
  }

  map<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: RemoteMapOptions): Promise<Awaited<R>[]> {
    return this.call('map', [fn, list(items), options]) as Promise<Awaited<R>[]>;
  }

  mapAsync<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: RemoteMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.call('mapAsync', [fn, list(items), options]) as Promise<AsyncResultProxy<Awaited<R>[]>>;
  }

  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<A>,
    options?: RemoteMapOptions,
  ): Promise<Awaited<R>[]> {
    return this.call('starmap', [fn, list(items), options]) as Promise<Awaited<R>[]>;
  }

  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<A>,
    options?: RemoteMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.call('starmapAsync', [fn, list(items), options]) as Promise<AsyncResultProxy<Awaited<R>[]>>;
  }

  mapChunks<T, R>(
    fn: (chunk: T[], start: number) => R,
    items: Iterable<T>,
    options?: RemoteMapOptions,
  ): Promise<Awaited<R>[]> {
    return this.call('mapChunks', [fn, list(items), options]) as Promise<Awaited<R>[]>;
  }

  imap<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: RemoteMapOptions): Promise<IteratorProxy<Awaited<R>>> {
    return this.call('imap', [fn, list(items), options]) as Promise<IteratorProxy<Awaited<R>>>;
  }

  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: RemoteMapOptions,
  ): Promise<IteratorProxy<Awaited<R>>> {
    return this.call('imapUnordered', [fn, list(items), options]) as Promise<IteratorProxy<Awaited<R>>>;
  }

  /** No new tasks from now on. */
  close(): Promise<void> {
    return this.call('close') as Promise<void>;
  }

  terminate(): Promise<void> {
    return this.call('terminate') as Promise<void>;
  }

  join(options?: WaitOptions): Promise<void> {
    return this.call('join', [], options) as Promise<void>;
  }

  stats(): Promise<PoolStats> {
    return this.call('stats') as Promise<PoolStats>;
  }

  size(): Promise<number> {
    return this.call('size') as Promise<number>;
  }

  pids(): Promise<number[]> {
    return this.call('pids') as Promise<number[]>;
  }
}

/** What of a task's options can be sent. */
export type RemoteTaskOptions = Pick<TaskOptions, 'timeout' | 'retries' | 'priority'>;
export type RemoteMapOptions = RemoteTaskOptions & Pick<MapOptions, 'chunksize' | 'buffersize' | 'failFast'>;

/** The result of a task of a `PoolProxy`. */
export class AsyncResultProxy<R = unknown> extends BaseProxy {
  get(options?: WaitOptions): Promise<R> {
    return this.call('get', [], options) as Promise<R>;
  }

  /** False when the time is over. */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.call('wait', [], options) as Promise<boolean>;
  }

  ready(): Promise<boolean> {
    return this.call('ready') as Promise<boolean>;
  }

  successful(): Promise<boolean> {
    return this.call('successful') as Promise<boolean>;
  }

  cancel(): Promise<void> {
    return this.call('cancel') as Promise<void>;
  }
}

function list<T>(items: Iterable<T>): readonly T[] | Iterable<T> {
  return Array.isArray(items) || ArrayBuffer.isView(items) ? items : [...items];
}
