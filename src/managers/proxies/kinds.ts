import type { BaseProxy } from '../proxy.ts';
import type { MakeProxy } from '../proxy-kinds.ts';
import type { Reference } from '../reference.ts';
import { ConditionProxy } from './condition-proxy.ts';
import { DictProxy } from './dict-proxy.ts';
import { IteratorProxy } from './iterator-proxy.ts';
import { ArrayProxy, ListProxy } from './list-proxy.ts';
import { LockProxy, SemaphoreProxy } from './lock-proxies.ts';
import { AsyncResultProxy, PoolProxy } from './pool-proxy.ts';
import { JoinableQueueProxy, QueueProxy } from './queue-proxy.ts';
import { RLockProxy } from './rlock-proxy.ts';
import { SetProxy } from './set-proxy.ts';
import { BarrierProxy, EventProxy } from './signal-proxies.ts';
import { NamespaceProxy, ValueProxy } from './value-proxies.ts';

const classes: Readonly<Record<string, new (reference: Reference) => BaseProxy>> = {
  array: ArrayProxy,
  asyncResult: AsyncResultProxy,
  barrier: BarrierProxy,
  boundedSemaphore: SemaphoreProxy,
  dict: DictProxy,
  event: EventProxy,
  iterator: IteratorProxy,
  joinableQueue: JoinableQueueProxy,
  list: ListProxy,
  lock: LockProxy,
  namespace: NamespaceProxy,
  pool: PoolProxy,
  queue: QueueProxy,
  rlock: RLockProxy,
  semaphore: SemaphoreProxy,
  set: SetProxy,
  value: ValueProxy,
};

/** How the proxy for each kind of object is made. */
export const proxyKinds: Readonly<Record<string, MakeProxy>> = {
  ...Object.fromEntries(
    Object.entries(classes).map(([kind, Class]): [string, MakeProxy] => [kind, (reference) => new Class(reference)]),
  ),
  condition: (reference, lock) => new ConditionProxy(reference, lock as LockProxy),
};
