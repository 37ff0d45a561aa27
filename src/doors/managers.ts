/** The door `multiproc/managers`: Python's `multiprocessing.managers`, objects in a server that processes and machines share. */
import './wiring/managers.ts';

export { RemoteError } from '../contracts/errors.ts';
export { BaseManager, type Factory, type ManagerOptions, type RegisterOptions } from '../managers/base-manager.ts';
export { Manager } from '../managers/manager.ts';
export { ConditionProxy } from '../managers/proxies/condition-proxy.ts';
export type { Proxied } from '../managers/proxies/custom-proxy.ts';
export { DictProxy } from '../managers/proxies/dict-proxy.ts';
export { IteratorProxy } from '../managers/proxies/iterator-proxy.ts';
export { ArrayProxy, ListProxy } from '../managers/proxies/list-proxy.ts';
export { type Guard, LockProxy, SemaphoreProxy } from '../managers/proxies/lock-proxies.ts';
export {
  AsyncResultProxy,
  PoolProxy,
  type RemoteMapOptions,
  type RemoteTaskOptions,
} from '../managers/proxies/pool-proxy.ts';
export { JoinableQueueProxy, QueueProxy } from '../managers/proxies/queue-proxy.ts';
export { RLockProxy } from '../managers/proxies/rlock-proxy.ts';
export { SetProxy } from '../managers/proxies/set-proxy.ts';
export { BarrierProxy, EventProxy } from '../managers/proxies/signal-proxies.ts';
export { NamespaceProxy, ValueProxy } from '../managers/proxies/value-proxies.ts';
export { BaseProxy } from '../managers/proxy.ts';
export type { Make } from '../managers/registry.ts';
