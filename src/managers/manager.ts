import type { BarrierOptions } from '../channel/barrier.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import { BaseManager } from './base-manager.ts';
import type { BuiltInName } from './built-ins.ts';
import type { ConditionProxy } from './proxies/condition-proxy.ts';
import type { DictProxy } from './proxies/dict-proxy.ts';
import type { ArrayProxy, ListProxy } from './proxies/list-proxy.ts';
import { LockProxy, type SemaphoreProxy } from './proxies/lock-proxies.ts';
import type { PoolProxy } from './proxies/pool-proxy.ts';
import type { JoinableQueueProxy, QueueProxy } from './proxies/queue-proxy.ts';
import type { RLockProxy } from './proxies/rlock-proxy.ts';
import type { SetProxy } from './proxies/set-proxy.ts';
import type { BarrierProxy, EventProxy } from './proxies/signal-proxies.ts';
import type { NamespaceProxy, ValueProxy } from './proxies/value-proxies.ts';

/**
 * Containers, queues and locks in a server process, shared through proxies: Python's `multiprocessing.Manager()`. `BaseManager` describes
 * how the server starts, and how other programs connect.
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
  /** Makes a queue for at most `maxsize` items; no bound if it is missing or below 1. */
  queue<T = unknown>(maxsize?: number): QueueProxy<T> {
    return this.makeBuiltIn('queue', [maxsize]);
  }

  /** Makes a queue for at most `maxsize` items that counts finished items; no bound if it is missing or below 1. */
  joinableQueue<T = unknown>(maxsize?: number): JoinableQueueProxy<T> {
    return this.makeBuiltIn('joinableQueue', [maxsize]);
  }

  /** Makes a lock that any client may release. */
  lock(): LockProxy {
    return this.makeBuiltIn('lock', []);
  }

  /** Makes a lock that its owner, an async context of one thread, may acquire again. */
  rlock(): RLockProxy {
    return this.makeBuiltIn('rlock', []);
  }

  /** Makes a semaphore of `value` units, 1 by default. */
  semaphore(value?: number): SemaphoreProxy {
    return this.makeBuiltIn('semaphore', [value]);
  }

  /** Makes a semaphore of `value` units, 1 by default, that cannot be released more often than it was acquired. */
  boundedSemaphore(value?: number): SemaphoreProxy {
    return this.makeBuiltIn('boundedSemaphore', [value]);
  }

  /** Makes a condition with a lock of this manager, by default a new `rlock`. */
  condition(lock: LockProxy | RLockProxy = this.rlock()): ConditionProxy {
    if (!(lock instanceof LockProxy)) throw new TypeError('lock must be a lock or an rlock of this manager');
    return this.makeBuiltIn('condition', [lock], lock);
  }

  /** Makes a flag that clients can wait for. */
  event(): EventProxy {
    return this.makeBuiltIn('event', []);
  }

  /** Makes a barrier that `parties` waits pass together. Its `action` runs in the server. */
  barrier(parties: number, options?: BarrierOptions): BarrierProxy {
    return this.makeBuiltIn('barrier', [parties, options]);
  }

  /** Makes a `Map` of pairs, of a `Map`, or of the properties of an object. */
  dict<K = string, V = unknown>(init?: Iterable<readonly [K, V]>): DictProxy<K, V>;
  /** Makes a `Map` of the properties of an object. */
  dict<V>(init: Readonly<Record<string, V>>): DictProxy<string, V>;
  /** Makes a `Map` of the properties of an object that has exactly these keys. */
  dict<K extends string, V>(init: Readonly<Record<K, V>>): DictProxy<K, V>;
  dict(init?: object): unknown {
    return this.makeBuiltIn('dict', [init]);
  }

  /** Makes an array of these items. */
  list<T = unknown>(init?: Iterable<T>): ListProxy<T> {
    return this.makeBuiltIn('list', [list(init)]);
  }

  /** Makes a `Set` of these values. */
  set<T = unknown>(init?: Iterable<T>): SetProxy<T> {
    return this.makeBuiltIn('set', [list(init)]);
  }

  /** Makes named values from the properties of an object. */
  namespace<N extends object = Record<string, unknown>>(init?: N): NamespaceProxy<N> {
    return this.makeBuiltIn('namespace', [init]);
  }

  /** Makes one value of any type. */
  value<T>(value: T): ValueProxy<T> {
    return this.makeBuiltIn('value', [value]);
  }

  /** Makes an array of these items whose length does not change. */
  array<T>(items: Iterable<T>): ArrayProxy<T> {
    return this.makeBuiltIn('array', [list(items)]);
  }

  /** Makes a pool of processes on the server's machine. */
  pool(options?: number | PoolOptions): PoolProxy {
    return this.makeBuiltIn('pool', [options]);
  }

  /** @internal Makes an object of a built-in type: see built-ins.ts. */
  protected makeBuiltIn<Proxy>(type: BuiltInName, args: readonly unknown[], companion?: LockProxy): Proxy {
    return this.make(type, type, args, companion) as Proxy;
  }
}

/** Returns the items as a value that can be sent. */
function list<T>(items: Iterable<T> | undefined): unknown {
  if (typeof items !== 'object' || items === null || Array.isArray(items) || ArrayBuffer.isView(items)) return items;
  if (items instanceof Set || items instanceof Map) return [...(items as Iterable<T>)];
  return Symbol.iterator in items ? [...items] : items;
}
