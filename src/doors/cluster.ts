/** The door `multiproc/cluster`: queues, locks and other objects that programs on several machines share, over a Redis or Valkey server. */
import './wiring/managers.ts';
import './wiring/cluster.ts';

export { Cluster, type JoinableQueueOptions, type Named } from '../cluster/cluster.ts';
export { type ClusterGuard, ClusterLock, type LockHolder } from '../cluster/proxies/cluster-lock.ts';
export type { ClusterKey, ClusterOptions } from '../cluster/settings.ts';
export { ClusterError, type ClusterErrorCode, LeaseLostError } from '../contracts/errors.ts';
