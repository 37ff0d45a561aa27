import { reentrant } from '../../managers/proxies/reentrant.ts';
import { ClusterLock } from './cluster-lock.ts';

/** A lock that programs on several machines share, and that its owner, an async context of one thread, may acquire again. Only the owner releases it. */
export class ClusterRLock extends reentrant(ClusterLock) {}
