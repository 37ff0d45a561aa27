import { type Reach, reach } from '../codec/extension.ts';
import type { ClusterOptions } from '../contracts/cluster-options.ts';
import { StateError } from '../contracts/errors.ts';
import { assertOptionType, assertWhole, checkOptionNames } from '../contracts/options.ts';
import { readBound } from '../contracts/queue.ts';
import { randomHex } from '../engine/builtins.ts';
import { BaseManager } from '../managers/base-manager.ts';
import { rememberOrigin } from '../managers/origin.ts';
import type { ConditionProxy } from '../managers/proxies/condition-proxy.ts';
import type { DictProxy } from '../managers/proxies/dict-proxy.ts';
import type { SemaphoreProxy } from '../managers/proxies/lock-proxies.ts';
import type { JoinableQueueProxy, QueueProxy } from '../managers/proxies/queue-proxy.ts';
import type { BarrierProxy, EventProxy } from '../managers/proxies/signal-proxies.ts';
import type { ValueProxy } from '../managers/proxies/value-proxies.ts';
import type { BaseProxy } from '../managers/proxy.ts';
import type { ServerOrders } from '../managers/server-process.ts';
import { Process } from '../process/process.ts';
import { assertInstalled } from './assert-installed.ts';
import { runGateway } from './gateway-process.ts';
import type { Whose } from './make-cluster-object.ts';
import { packValue } from './packed.ts';
import { ClusterLock } from './proxies/cluster-lock.ts';
import { packEntries } from './proxies/cluster-maps.ts';
import type { ClusterTasks } from './proxies/cluster-tasks.ts';
import { type ClusterSettings, readSettings } from './settings.ts';
import type { ClusterStats } from './tasks/cluster-stats.ts';
import type { PoolOrders } from './tasks/desk-task.ts';
import type { HostInfo } from './tasks/read-hosts.ts';

type Overview = BaseProxy & { hosts(): Promise<HostInfo[]>; stats(): Promise<ClusterStats> };

/** The options of every object of a cluster. */
export interface Named {
  /** Every program that uses the name finds the same object, which stays until `delete(name)`. An object without a name lives as long as this program has a proxy of it. */
  readonly name?: string | undefined;
}

/** The options of a joinable queue of a cluster. */
export interface JoinableQueueOptions extends Named {
  /** If true, items that a consumer had not marked as done when it died come back to the head of the queue. By default they are lost. */
  readonly redeliver?: boolean | undefined;
}

/**
 * Makes queues, locks and other objects that programs on several machines share. A Redis or Valkey server keeps them. It needs the package `ioredis`.
 * The first use starts a process of this program that owns the connections, as a `Manager` starts its server. Proxies can be sent as those of a manager.
 */
export class Cluster extends BaseManager {
  readonly #settings: ClusterSettings;

  /** `options` may be the URL alone. The variables `MULTIPROC_CLUSTER`, `MULTIPROC_KEY` and `MULTIPROC_KEY_FILE` stand for options that are left out. */
  constructor(options?: string | ClusterOptions) {
    super();
    this.#settings = readSettings(options);
  }

  /** Makes a queue for at most `maxsize` items; no bound if it is missing or below 1. */
  queue<T = unknown>(maxsize?: number, options?: Named): QueueProxy<T> {
    return this.#make('queue', options, [readBound(maxsize)]);
  }

  /** Makes a queue for at most `maxsize` items that counts finished items; no bound if it is missing or below 1. */
  joinableQueue<T = unknown>(maxsize?: number, options: JoinableQueueOptions = {}): JoinableQueueProxy<T> {
    checkOptionNames('joinableQueue', options, { name: true, redeliver: true });
    const { name, redeliver = false } = options;
    assertOptionType('redeliver', redeliver, 'boolean');
    return this.#make('joinableQueue', { name }, [readBound(maxsize), redeliver]);
  }

  /** Makes a lock. If the program that holds it dies, the next waiter gets it. */
  lock(options?: Named): ClusterLock {
    return this.#make('lock', options);
  }

  /**
   * Makes a lock that its owner, an async context of one thread, may acquire again; only the owner may release it. If the program that holds it
   * dies, the next waiter gets it.
   */
  rlock(options?: Named): ClusterLock {
    return this.#make('rlock', options);
  }

  /**
   * Makes a condition of a lock of this cluster, by default of a new `rlock`. Programs that use a lock by its name share its condition. If a lock has several
   * conditions, give each a name.
   */
  condition(lock: ClusterLock = this.rlock(), options?: Named): ConditionProxy {
    if (!(lock instanceof ClusterLock)) throw new TypeError('lock must be a lock or an rlock of this cluster');
    return this.#make('condition', options, [lock], lock);
  }

  /** Makes a semaphore of `value` units, 1 by default. */
  semaphore(value = 1, options?: Named): SemaphoreProxy {
    assertWhole('value', value, 0);
    return this.#make('semaphore', options, [value]);
  }

  /** Makes a semaphore that never has more free units than `value`, 1 by default. */
  boundedSemaphore(value = 1, options?: Named): SemaphoreProxy {
    assertWhole('value', value, 0);
    return this.#make('boundedSemaphore', options, [value]);
  }

  /** Makes a flag that programs can wait for. */
  event(options?: Named): EventProxy {
    return this.#make('event', options);
  }

  /**
   * Makes a barrier that `parties` waits pass together. The barrier breaks when a wait runs out of time, and when a program or process that has
   * ever waited at it is killed; `reset()` mends it.
   */
  barrier(parties: number, options?: Named): BarrierProxy {
    assertWhole('parties', parties, 1);
    return this.#make('barrier', options, [parties]);
  }

  /**
   * Makes a `Map` of the pairs of `init`, which are ignored if the name has a dict already. Keys are compared by their content. The function of
   * `update` runs in the calling program, and runs again if another program has changed the value meanwhile: it must have no other effect.
   */
  dict<K = string, V = unknown>(init?: Iterable<readonly [K, V]>, options?: Named): DictProxy<K, V>;
  /** Makes a `Map` of the properties of an object, as the form with pairs does. */
  dict<V>(init: Readonly<Record<string, V>>, options?: Named): DictProxy<string, V>;
  /** Makes a `Map` of the properties of an object that has exactly these keys, as the form with pairs does. */
  dict<K extends string, V>(init: Readonly<Record<K, V>>, options?: Named): DictProxy<K, V>;
  dict(init?: object, options?: Named): unknown {
    return this.#make('dict', options, [packEntries(init, this.#far())]);
  }

  /**
   * Makes one value, `init` at first, which is ignored if the name has a value already. The function of `update` runs in the calling program, and
   * runs again if another program has changed the value meanwhile: it must have no other effect.
   */
  value<T>(init: T, options?: Named): ValueProxy<T> {
    return this.#make('value', options, [packValue(init, 'value', this.#far())]);
  }

  /** Deletes the object with this name; resolves to false if there is none. Waits for the object reject with a `ClosedError`, and a program that holds it loses it. */
  async delete(name: string): Promise<boolean> {
    assertName(name);
    using deleter = this.make('deleter', 'class:deleter', []) as BaseProxy & { run(name: string): Promise<boolean> };
    return await deleter.run(name);
  }

  /** Resolves to the hosts that run tasks of pools with this cluster, on any machine. `startWorker` and `npx multiproc worker` start hosts. */
  async hosts(): Promise<HostInfo[]> {
    using overview = this.#overview();
    return await overview.hosts();
  }

  /** Resolves to the load of the cluster: its slots, the slots that could be busy, its pools with their tasks, and the tasks that its hosts have run. */
  async stats(): Promise<ClusterStats> {
    using overview = this.#overview();
    return await overview.stats();
  }

  #overview(): Overview {
    return this.make('overview', 'class:overview', []) as Overview;
  }

  /** Rejects with a `StateError`: a cluster is reached through its Redis server, whose URL the constructor takes. */
  override async connect(): Promise<void> {
    throw new StateError(
      'A cluster has no server of its own to connect to: give the URL of its Redis server to the constructor.',
    );
  }

  /** Rejects with a `StateError`: programs reach a cluster through its Redis server, so there is nothing to serve. */
  override async serveForever(): Promise<void> {
    throw new StateError(
      'A cluster has no server of its own: programs share its objects by their names, through the Redis server.',
    );
  }

  /** @internal The tasks of a pool. */
  tasks(orders: PoolOrders): ClusterTasks {
    return this.make('tasks', 'cluster:tasks', [undefined, orders]) as ClusterTasks;
  }

  /** @internal */
  protected override serverProcess(orders: ServerOrders, name: string): Process {
    // The gateway will need it. An error belongs here, where the call is.
    assertInstalled('The cluster needs one more package', ['ioredis']);
    return new Process({ target: runGateway, args: [{ ...orders, settings: this.#settings }], name, daemon: true });
  }

  /** Returns who may have written the values that are read: programs with the key, or any program. */
  #far(): Reach {
    return this.#settings.keys.length === 0 ? reach.ANYBODY : reach.TRUSTED;
  }

  #make<Proxy>(type: string, options: Named = {}, args: readonly unknown[] = [], companion?: BaseProxy): Proxy {
    checkOptionNames(type, options, { name: true });
    const { name } = options;
    if (name !== undefined) assertName(name);
    const isOpen = HOLDS_VALUES.has(type) && this.#far() === reach.ANYBODY;
    const kind = isOpen ? `cluster-open:${type}` : `cluster:${type}`;
    const whose: Whose = name ?? { unnamed: randomHex(16) };
    const proxy = this.make(type, kind, [whose, ...args], companion);
    rememberOrigin(proxy, { namespace: this.#settings.namespace, kind, type, args: [whose, ...args] });
    return proxy as Proxy;
  }
}

/** Types whose proxies decode values that other programs have written. */
const HOLDS_VALUES: ReadonlySet<string> = new Set(['queue', 'joinableQueue', 'dict', 'value']);

function assertName(name: unknown): void {
  assertOptionType('name', name, 'string');
  if (name === undefined || name === '') throw new TypeError('name must be a text that is not empty');
}
