import { ProcessError, StateError } from '../contracts/errors.ts';
import { assertOptionType, assertWhole, checkOptionNames } from '../contracts/options.ts';
import { readBound } from '../contracts/queue.ts';
import { BaseManager } from '../managers/base-manager.ts';
import type { SemaphoreProxy } from '../managers/proxies/lock-proxies.ts';
import type { JoinableQueueProxy, QueueProxy } from '../managers/proxies/queue-proxy.ts';
import type { EventProxy } from '../managers/proxies/signal-proxies.ts';
import type { BaseProxy } from '../managers/proxy.ts';
import type { ServerOrders } from '../managers/server-process.ts';
import { Process } from '../process/process.ts';
import { runGateway } from './gateway-process.ts';
import type { ClusterLock } from './proxies/cluster-lock.ts';
import { type ClusterOptions, type ClusterSettings, readSettings } from './settings.ts';

/** The options of every object of a cluster. */
export interface Named {
  /** Every program that uses the name finds the same object, which stays until `delete(name)`. Without a name it lives as long as this program has a proxy of it. */
  readonly name?: string | undefined;
}

/** The options of a joinable queue of a cluster. */
export interface JoinableQueueOptions extends Named {
  /** If true, items that a consumer had not told done when it died come back to the head of the queue. False if left out: they are lost. */
  readonly redeliver?: boolean | undefined;
}

/**
 * Queues, locks, semaphores and events that programs on several machines share, kept by a Redis or Valkey server. It needs the package `ioredis`.
 * The first use starts a process of this program that owns the connections, as a `Manager` starts its server; proxies travel as those of a manager.
 */
export class Cluster extends BaseManager {
  readonly #settings: ClusterSettings;

  /** `options` may be the URL alone; what is left out comes from the environment. */
  constructor(options?: string | ClusterOptions) {
    super();
    this.#settings = readSettings(options);
  }

  /** A queue for at most `maxsize` items; missing or below 1: no bound. */
  queue<T = unknown>(maxsize?: number, options?: Named): QueueProxy<T> {
    return this.#make('queue', options, [readBound(maxsize)]) as QueueProxy<T>;
  }

  /** A queue of at most `maxsize` items, no bound if missing or below 1, that knows when all items put are done. */
  joinableQueue<T = unknown>(maxsize?: number, options: JoinableQueueOptions = {}): JoinableQueueProxy<T> {
    checkOptionNames('joinableQueue', options, { name: true, redeliver: true });
    const { name, redeliver = false } = options;
    assertOptionType('redeliver', redeliver, 'boolean');
    return this.#make('joinableQueue', { name }, [readBound(maxsize), redeliver]) as JoinableQueueProxy<T>;
  }

  /** A lock, which passes on when the program that holds it dies. */
  lock(options?: Named): ClusterLock {
    return this.#make('lock', options) as ClusterLock;
  }

  /** A semaphore of `value` units, 1 if left out. */
  semaphore(value = 1, options?: Named): SemaphoreProxy {
    assertWhole('value', value, 0);
    return this.#make('semaphore', options, [value]) as SemaphoreProxy;
  }

  /** A semaphore that never has more free units than `value`, 1 if left out. */
  boundedSemaphore(value = 1, options?: Named): SemaphoreProxy {
    assertWhole('value', value, 0);
    return this.#make('boundedSemaphore', options, [value]) as SemaphoreProxy;
  }

  /** A flag to wait for. */
  event(options?: Named): EventProxy {
    return this.#make('event', options) as EventProxy;
  }

  /** Deletes the object with this name; resolves to false if there is none. Whoever waits for it gets a `ClosedError`, whoever holds it learns that it is lost. */
  async delete(name: string): Promise<boolean> {
    assertName(name);
    using deleter = this.make('deleter', 'class:deleter', []) as BaseProxy & { run(name: string): Promise<boolean> };
    return await deleter.run(name);
  }

  /** A `StateError`: a cluster is reached through its Redis server, whose URL the constructor takes. */
  override async connect(): Promise<void> {
    throw new StateError(
      'A cluster has no server of its own to connect to: give the URL of its Redis server to the constructor.',
    );
  }

  /** A `StateError`: programs reach a cluster through its Redis server, so there is nothing to serve. */
  override async serveForever(): Promise<void> {
    throw new StateError(
      'A cluster has no server of its own: programs share its objects by their names, through the Redis server.',
    );
  }

  /** @internal */
  protected override serverProcess(orders: ServerOrders, name: string): Process {
    assertInstalled();
    return new Process({ target: runGateway, args: [{ ...orders, settings: this.#settings }], name, daemon: true });
  }

  #make(type: string, options: Named = {}, args: readonly unknown[] = []): BaseProxy {
    checkOptionNames(type, options, { name: true });
    const { name } = options;
    if (name !== undefined) assertName(name);
    const isQueue = type.endsWith('ueue');
    const kind = isQueue && this.#settings.keys.length === 0 ? `cluster-open:${type}` : `cluster:${type}`;
    return this.make(type, kind, [name, ...args]);
  }
}

function assertName(name: unknown): void {
  assertOptionType('name', name, 'string');
  if (name === undefined || name === '') throw new TypeError('name must be a text that is not empty');
}

/** The gateway will need it: said here, where the call is. */
function assertInstalled(): void {
  try {
    require.resolve('ioredis');
  } catch (cause) {
    throw new ProcessError('The cluster needs one more package: npm install ioredis', { cause });
  }
}
