/** The door `multiproc/cluster`: queues, locks and other objects that programs on several machines share, over a Redis or Valkey server. */
import './wiring/managers.ts';
import './wiring/cluster.ts';

export { type ClusterWorker, startWorker, type WorkerOptions } from '../cluster/agent/start-worker.ts';
export { Cluster, type JoinableQueueOptions, type Named } from '../cluster/cluster.ts';
export { type ClusterGuard, ClusterLock, type LockHolder } from '../cluster/proxies/cluster-lock.ts';
export type { ClusterPoolStats, ClusterStats } from '../cluster/tasks/cluster-stats.ts';
export type { HostedPoolInfo, HostInfo, TaskCounts } from '../cluster/tasks/read-hosts.ts';
export type { ClusterKey, ClusterOptions, CodeOptions } from '../contracts/cluster-options.ts';
export { ClusterError, type ClusterErrorCode, LeaseLostError, PlacementError } from '../contracts/errors.ts';
export { type CurrentTask, currentTask } from '../pool/current-task.ts';
