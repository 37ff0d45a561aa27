import type { BaseProxy } from '../proxy.ts';
import { registerOtherProxies, registerProxyKind } from '../proxy-kinds.ts';
import type { Reference } from '../reference.ts';
import { ConditionProxy } from './condition-proxy.ts';
import { customProxy } from './custom-proxy.ts';
import { DictProxy } from './dict-proxy.ts';
import { IteratorProxy } from './iterator-proxy.ts';
import { ArrayProxy, ListProxy } from './list-proxy.ts';
import { LockProxy, RLockProxy, SemaphoreProxy } from './lock-proxies.ts';
import { AsyncResultProxy, PoolProxy } from './pool-proxy.ts';
import { JoinableQueueProxy, QueueProxy } from './queue-proxy.ts';
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

/** Registers the proxies for each kind of object; the door calls it once. */
export function installProxyKinds(): void {
  for (const [kind, Class] of Object.entries(classes)) registerProxyKind(kind, (reference) => new Class(reference));
  registerProxyKind('condition', (reference, lock) => new ConditionProxy(reference, lock as LockProxy));
  registerOtherProxies(customProxy);
}
