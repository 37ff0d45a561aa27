/** What the door `multiproc/cluster` adds, beside what `multiproc/managers` has. */
import { Cluster } from '../../cluster/cluster.ts';
import { ClusterLock } from '../../cluster/proxies/cluster-lock.ts';
import { queueKinds } from '../../cluster/proxies/cluster-queues.ts';
import { SemaphoreProxy } from '../../managers/proxies/lock-proxies.ts';
import { EventProxy } from '../../managers/proxies/signal-proxies.ts';
import { registerProxyKinds } from '../../managers/proxy-kinds.ts';
import { wire } from './wire.ts';

wire({ exports: { 'multiproc/cluster': { Cluster } } });
registerProxyKinds({
  ...queueKinds,
  'cluster:lock': (reference) => new ClusterLock(reference),
  'cluster:semaphore': (reference) => new SemaphoreProxy(reference),
  'cluster:boundedSemaphore': (reference) => new SemaphoreProxy(reference),
  'cluster:event': (reference) => new EventProxy(reference),
});
