import { Barrier } from '../channel/barrier.ts';
import { BoundedBuffer } from '../channel/bounded-buffer.ts';
import { JoinableQueue } from '../channel/joinable-queue.ts';
import { StateError } from '../contracts/errors.ts';
import { Queue as LocalQueue } from '../queue/queue.ts';
import { Condition } from '../sync/condition.ts';
import { Event } from '../sync/event.ts';
import { Lock } from '../sync/lock.ts';
import { RLock } from '../sync/rlock.ts';
import { BoundedSemaphore, Semaphore } from '../sync/semaphore.ts';
import type { FindObject } from './find-object.ts';
import { ConditionProxy } from './proxies/condition-proxy.ts';
import { DictProxy } from './proxies/dict-proxy.ts';
import { IteratorProxy } from './proxies/iterator-proxy.ts';
import { ArrayProxy, ListProxy } from './proxies/list-proxy.ts';
import { LockProxy, SemaphoreProxy } from './proxies/lock-proxies.ts';
import { AsyncResultProxy, PoolProxy } from './proxies/pool-proxy.ts';
import { JoinableQueueProxy, QueueProxy } from './proxies/queue-proxy.ts';
import { RLockProxy } from './proxies/rlock-proxy.ts';
import { SetProxy } from './proxies/set-proxy.ts';
import { BarrierProxy, EventProxy } from './proxies/signal-proxies.ts';
import { NamespaceProxy, ValueProxy } from './proxies/value-proxies.ts';
import type { ProxyClass } from './proxy-kinds.ts';
import { servedBarrier } from './served/served-barrier.ts';
import { conditionOn } from './served/served-condition.ts';
import { servedDict } from './served/served-dict.ts';
import { servedEvent } from './served/served-event.ts';
import { servedList } from './served/served-list.ts';
import { servedLock } from './served/served-lock.ts';
import { servedNamespace } from './served/served-namespace.ts';
import { servedPool } from './served/served-pool.ts';
import { type QueueLike, servedQueue } from './served/served-queue.ts';
import { servedSet } from './served/served-set.ts';
import { servedArray, servedValue } from './served/served-value.ts';
import type { ServedObject } from './served-object.ts';

/** A built-in type of managers: its objects in the server, and their proxies. */
export interface BuiltIn {
  readonly proxy: ProxyClass;
  /** Makes an object from what the factory of `Manager` was given; missing for objects that only calls return. */
  // biome-ignore lint/suspicious/noExplicitAny: each function looks at what it takes.
  readonly make?: (find: FindObject, ...args: any[]) => ServedObject;
  /** Serves an object that a registered function has returned; `undefined` if the object is not of this type. */
  readonly serve?: (object: object) => ServedObject | undefined;
}

/** All built-in types, by the names that their objects have in messages. Of the types that know an object, the first one serves it. */
export const builtIns = {
  dict: {
    proxy: DictProxy,
    make: (_, init) => servedDict(init),
    serve: (object) => (object instanceof Map ? servedDict(object) : undefined),
  },
  list: {
    proxy: ListProxy,
    make: (_, init) => servedList(init),
    serve: (object) => (Array.isArray(object) ? servedList(object) : undefined),
  },
  set: {
    proxy: SetProxy,
    make: (_, init) => servedSet(init),
    serve: (object) => (object instanceof Set ? servedSet(object) : undefined),
  },
  namespace: { proxy: NamespaceProxy, make: (_, init) => servedNamespace(init) },
  value: { proxy: ValueProxy, make: (_, value) => servedValue(value) },
  array: { proxy: ArrayProxy, make: (_, items) => servedArray(items) },
  joinableQueue: {
    proxy: JoinableQueueProxy,
    make: (_, maxsize) => servedQueue(new LocalQueue(maxsize), true),
    serve: (object) =>
      object instanceof LocalQueue || object instanceof JoinableQueue
        ? servedQueue(object as QueueLike, true)
        : undefined,
  },
  queue: {
    proxy: QueueProxy,
    make: (_, maxsize) => servedQueue(new LocalQueue(maxsize), false),
    serve: (object) =>
      object instanceof BoundedBuffer ? servedQueue(object as unknown as QueueLike, false) : undefined,
  },
  rlock: {
    proxy: RLockProxy,
    make: () => servedLock('rlock', new Lock()),
    serve: (object) => refuse(object instanceof RLock, 'RLock'),
  },
  condition: {
    proxy: ConditionProxy,
    make: (find, lock) => conditionOn(find, lock),
    serve: (object) => refuse(object instanceof Condition, 'Condition'),
  },
  lock: {
    proxy: LockProxy,
    make: () => servedLock('lock', new Lock()),
    serve: (object) => (object instanceof Lock ? servedLock('lock', object) : undefined),
  },
  semaphore: {
    proxy: SemaphoreProxy,
    make: (_, value) => servedLock('semaphore', new Semaphore(value)),
    serve: (object) => (object instanceof Semaphore ? servedLock('semaphore', object) : undefined),
  },
  boundedSemaphore: {
    proxy: SemaphoreProxy,
    make: (_, value) => servedLock('boundedSemaphore', new BoundedSemaphore(value)),
  },
  event: {
    proxy: EventProxy,
    make: () => servedEvent(new Event()),
    serve: (object) => (object instanceof Event ? servedEvent(object) : undefined),
  },
  barrier: {
    proxy: BarrierProxy,
    make: (_, parties, options) => servedBarrier(new Barrier(parties, options)),
    serve: (object) => (object instanceof Barrier ? servedBarrier(object) : undefined),
  },
  pool: { proxy: PoolProxy, make: (_, options) => servedPool(options) },
  asyncResult: { proxy: AsyncResultProxy },
  iterator: { proxy: IteratorProxy },
} as const satisfies Readonly<Record<string, BuiltIn>>;

export type BuiltInName = keyof typeof builtIns;

/** Returns the error of a registered function that returns an object whose owner must be known from the first call on. */
export function notSharable(type: string): StateError {
  return new StateError(
    `A registered function cannot share a ${type}, whose owner must be known from the first call on: put the proxy that manager.${type.toLowerCase()}() makes into a dict that it shares.`,
  );
}

function refuse(isOfType: boolean, type: string): undefined {
  if (isOfType) throw notSharable(type);
}
