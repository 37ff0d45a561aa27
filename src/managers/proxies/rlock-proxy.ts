import { LockProxy } from './lock-proxies.ts';
import { reentrant } from './reentrant.ts';

/** A lock in a manager's server whose methods count the acquisitions of its owner. */
const ReentrantLock = reentrant(LockProxy);

/**
 * A lock in a manager's server that its owner, an async context of one thread, may acquire again, as an `RLock`: the owner gets it at once each time, and it
 * is free after as many releases as acquisitions. `release()` of any other client rejects with a `StateError`.
 */
export class RLockProxy extends ReentrantLock {}
