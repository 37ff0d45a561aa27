/** Makes what the door `multiproc/cluster` adds able to travel, beside what `multiproc/managers` has. */
import { Cluster } from '../cluster/cluster.ts';
import { ClusterLock } from '../cluster/proxies/cluster-lock.ts';
import { queueKinds } from '../cluster/proxies/cluster-queues.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { SemaphoreProxy } from '../managers/proxies/lock-proxies.ts';
import { EventProxy } from '../managers/proxies/signal-proxies.ts';
import { registerProxyKind } from '../managers/proxy-kinds.ts';

for (const [kind, make] of Object.entries(queueKinds)) registerProxyKind(kind, make);
registerProxyKind('cluster:lock', (reference) => new ClusterLock(reference));
registerProxyKind('cluster:semaphore', (reference) => new SemaphoreProxy(reference));
registerProxyKind('cluster:boundedSemaphore', (reference) => new SemaphoreProxy(reference));
registerProxyKind('cluster:event', (reference) => new EventProxy(reference));
registerOwnExports({ Cluster }, 'multiproc/cluster');
