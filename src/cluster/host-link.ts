import type { Connection } from '../connection/connection.ts';
import { StateError } from '../contracts/errors.ts';
import type { Returns } from '../managers/lease.ts';
import { Link } from '../managers/link.ts';
import { makeAt } from '../managers/make-at.ts';
import { type Origin, rememberOrigin } from '../managers/origin.ts';
import { BaseProxy } from '../managers/proxy.ts';
import { handDown } from '../process/handed-down.ts';

/** The way of a worker to the objects of the cluster: through its host, which has the key and the connections. */
export interface HostDoor {
  readonly identity: string;
  readonly namespace: string;
  readonly connectEnd: Connection;
  readonly returns: Returns;
}

/** The largest depth of pools in tasks of pools: a recursion without end must not fill the hosts with processes. */
const DEEPEST = 16;

/** The type of the object that a worker, or a process of its task, has of its host while it waits for other tasks. */
export const SLOT = 'slot';

let known: HostDoor | undefined;
let depth = 0;
/** The member number of the worker that has the slot of the task. */
let holder = 0;

/** Declares that this process, and the processes that it starts, belong to a task of the worker `ofWorker` of a host, for a pool of this depth. */
export function enterHost(door: HostDoor, depthOfPool: number, ofWorker: number): void {
  known = door;
  depth = depthOfPool;
  holder = ofWorker;
  handDown(enterHost, [door, depthOfPool, ofWorker]);
}

/** Returns the depth of a pool that is made here: 1 in a program, one more in a task of a pool of a cluster. Throws a `StateError` at the limit. */
export function depthOfPoolHere(): number {
  if (depth < DEEPEST) return depth + 1;
  throw new StateError(
    `A task made a pool of a cluster, in a task of such a pool, and so on, ${DEEPEST} deep: each of these tasks waits in a process of its own for the next. Recursion without end looks like this; else split the work in fewer steps.`,
  );
}

/** Returns a proxy of an object that another program of the cluster has sent. */
export function openOnHost(origin: Origin): BaseProxy {
  if (known === undefined) {
    throw new StateError(
      `A ${origin.type} of a cluster arrived, and this process is no worker of a host: give the object a name, and open it here by new Cluster().`,
    );
  }
  const { identity, namespace, connectEnd, returns } = known;
  if (namespace !== origin.namespace) {
    throw new StateError(
      `A ${origin.type} arrived that is of the namespace ${origin.namespace}, and this host is of ${namespace}.`,
    );
  }
  const link = Link.to({ identity, near: { connectEnd, returns }, far: undefined });
  // A condition comes with its lock.
  const companion = origin.args.find((each) => each instanceof BaseProxy);
  const proxy = makeAt(link, origin.type, origin.kind, origin.args, companion);
  rememberOrigin(proxy, origin);
  return proxy;
}

/** The number of pools of this process that wait for their tasks, and the object that lends the slot meanwhile. */
let waiting = 0;
let loan: BaseProxy | undefined;

/**
 * Lends the slot of this task while the task waits for other tasks of the cluster, so that those can run. Returns a function that ends the
 * loan. Does nothing in a process that belongs to no task of a host.
 */
export function lendSlot(): () => void {
  if (known === undefined) return () => {};
  const { identity, connectEnd, returns } = known;
  if (waiting++ === 0) {
    loan = makeAt(Link.to({ identity, near: { connectEnd, returns }, far: undefined }), SLOT, `class:${SLOT}`, [
      holder,
    ]);
  }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--waiting > 0) return;
    loan?.[Symbol.dispose]();
    loan = undefined;
  };
}
