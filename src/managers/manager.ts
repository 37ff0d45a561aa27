import type { BarrierOptions } from '../channel/barrier.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import { BaseManager } from './base-manager.ts';
import type { ConditionProxy } from './proxies/condition-proxy.ts';
import type { DictProxy } from './proxies/dict-proxy.ts';
import type { ArrayProxy, ListProxy } from './proxies/list-proxy.ts';
import { LockProxy, type RLockProxy, type SemaphoreProxy } from './proxies/lock-proxies.ts';
import type { PoolProxy } from './proxies/pool-proxy.ts';
import type { JoinableQueueProxy, QueueProxy } from './proxies/queue-proxy.ts';
import type { SetProxy } from './proxies/set-proxy.ts';
import type { BarrierProxy, EventProxy } from './proxies/signal-proxies.ts';
import type { NamespaceProxy, ValueProxy } from './proxies/value-proxies.ts';

/**
 * Containers, queues and locks in a server process, shared by proxies: Python's `multiprocessing.Manager()`. See `BaseManager` for how it
 * starts, and for programs on other machines.
 *
 * @example
 * import { Pool } from 'multiproc';
 * import { Manager } from 'multiproc/managers';
 * import assert from 'node:assert';
 *
 * await using manager = new Manager();
 * const counts = manager.dict<string, number>();
 * await using pool = new Pool(2);
 * await pool.map((word) => counts.update(word, (n = 0) => n + 1), ['a', 'b', 'a']);
 * assert.deepEqual(await counts.copy(), new Map([['a', 2], ['b', 1]]));
 */
export class Manager extends BaseManager {
  /** A queue for at most `maxsize` items; missing or below 1: no bound. */
  queue<T = unknown>(maxsize?: number): QueueProxy<T> {
    return this.make('queue', 'queue', [maxsize]) as QueueProxy<T>;
  }

  /** A queue of at most `maxsize` items, no bound if missing or below 1, that knows when all items put are done. */
  joinableQueue<T = unknown>(maxsize?: number): JoinableQueueProxy<T> {
    return this.make('joinableQueue', 'joinableQueue', [maxsize]) as JoinableQueueProxy<T>;
  }

  /** A lock that any client may release. */
  lock(): LockProxy {
    return this.make('lock', 'lock', []) as LockProxy;
  }

  /** A lock that its owner, an async context of one thread, may acquire again. */
  rlock(): RLockProxy {
    return this.make('rlock', 'rlock', []) as RLockProxy;
  }

  /** A semaphore of `value` units, 1 if left out. */
  semaphore(value?: number): SemaphoreProxy {
    return this.make('semaphore', 'semaphore', [value]) as SemaphoreProxy;
  }

  /** A semaphore of `value` units, 1 if left out, that refuses to be released more often than it was acquired. */
  boundedSemaphore(value?: number): SemaphoreProxy {
    return this.make('boundedSemaphore', 'boundedSemaphore', [value]) as SemaphoreProxy;
  }

  /** A condition with a lock of this manager; a new `rlock` if left out. */
  condition(lock: LockProxy | RLockProxy = this.rlock()): ConditionProxy {
    if (!(lock instanceof LockProxy)) throw new TypeError('lock must be a lock or an rlock of this manager');
    return this.make('condition', 'condition', [lock], lock) as ConditionProxy;
  }

  /** A flag that clients wait for. */
  event(): EventProxy {
    return this.make('event', 'event', []) as EventProxy;
  }

  /** A barrier that `parties` waits pass together; its `action` runs in the server. */
  barrier(parties: number, options?: BarrierOptions): BarrierProxy {
    return this.make('barrier', 'barrier', [parties, options]) as BarrierProxy;
  }

  /** A `Map`, made of pairs, of a `Map`, or of an object's properties. */
  dict<K = string, V = unknown>(init?: Iterable<readonly [K, V]>): DictProxy<K, V>;
  /** A `Map` made of an object's properties. */
  dict<V>(init: Readonly<Record<string, V>>): DictProxy<string, V>;
  /** A `Map` made of the properties of an object that has just these. */
  dict<K extends string, V>(init: Readonly<Record<K, V>>): DictProxy<K, V>;
  dict(init?: object): unknown {
    return this.make('dict', 'dict', [init]);
  }

  /** An array, made of these items. */
  list<T = unknown>(init?: Iterable<T>): ListProxy<T> {
    return this.make('list', 'list', [list(init)]) as ListProxy<T>;
  }

  /** A `Set`, made of these values. */
  set<T = unknown>(init?: Iterable<T>): SetProxy<T> {
    return this.make('set', 'set', [list(init)]) as SetProxy<T>;
  }

  /** Values by name, made of an object's properties. */
  namespace<N extends object = Record<string, unknown>>(init?: N): NamespaceProxy<N> {
    return this.make('namespace', 'namespace', [init]) as NamespaceProxy<N>;
  }

  /** One value of any type. */
  value<T>(value: T): ValueProxy<T> {
    return this.make('value', 'value', [value]) as ValueProxy<T>;
  }

  /** An array whose length does not change, made of these items. */
  array<T>(items: Iterable<T>): ArrayProxy<T> {
    return this.make('array', 'array', [list(items)]) as ArrayProxy<T>;
  }

  /** A pool of processes of the server's machine. */
  pool(options?: number | PoolOptions): PoolProxy {
    return this.make('pool', 'pool', [options]) as PoolProxy;
  }
}

/** What can be sent of what can be gone through. */
function list<T>(items: Iterable<T> | undefined): unknown {
  if (typeof items !== 'object' || items === null || Array.isArray(items) || ArrayBuffer.isView(items)) return items;
  if (items instanceof Set || items instanceof Map) return [...(items as Iterable<T>)];
  return Symbol.iterator in items ? [...items] : items;
}
