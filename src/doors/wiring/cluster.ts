/** What the door `multiproc/cluster` adds, beside what `multiproc/managers` has. */
import { Cluster } from '../../cluster/cluster.ts';
import { clusterObjectExtension } from '../../cluster/cluster-object-extension.ts';
import { ClusterLock, ClusterRLock } from '../../cluster/proxies/cluster-lock.ts';
import { mapKinds } from '../../cluster/proxies/cluster-maps.ts';
import { queueKinds } from '../../cluster/proxies/cluster-queues.ts';
import { ClusterTasks } from '../../cluster/proxies/cluster-tasks.ts';
import { ConditionProxy } from '../../managers/proxies/condition-proxy.ts';
import { SemaphoreProxy } from '../../managers/proxies/lock-proxies.ts';
import { BarrierProxy, EventProxy } from '../../managers/proxies/signal-proxies.ts';
import { registerProxyKinds } from '../../managers/proxy-kinds.ts';
import { wire } from './wire.ts';

wire({
  extensions: [clusterObjectExtension],
  exports: { 'multiproc/cluster': { Cluster } },
});
registerProxyKinds({
  ...queueKinds,
  ...mapKinds,
  'cluster:lock': (reference) => new ClusterLock(reference),
  'cluster:rlock': (reference) => new ClusterRLock(reference),
  'cluster:condition': (reference, lock) => new ConditionProxy(reference, lock as ClusterLock),
  'cluster:semaphore': (reference) => new SemaphoreProxy(reference),
  'cluster:boundedSemaphore': (reference) => new SemaphoreProxy(reference),
  'cluster:barrier': (reference) => new BarrierProxy(reference),
  'cluster:tasks': (reference) => new ClusterTasks(reference),
  'cluster:event': (reference) => new EventProxy(reference),
});
