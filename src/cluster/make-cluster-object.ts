import { ClusterError, RemoteError } from '../contracts/errors.ts';
import type { FindObject } from '../managers/find-object.ts';
import { BaseProxy } from '../managers/proxy.ts';
import type { ServedObject } from '../managers/served-object.ts';
import type { Gateway } from './gateway.ts';
import { ClusterObject, idOfName, type Kind, keysOf, nameInUse } from './object.ts';
import { BARRIER } from './scripts/barrier.ts';
import { DELETE } from './scripts/delete.ts';
import { EVENT } from './scripts/event.ts';
import { LOCK } from './scripts/lock.ts';
import { MAP } from './scripts/map.ts';
import { QUEUE } from './scripts/queue.ts';
import { SEMAPHORE } from './scripts/semaphore.ts';
import { clusterBarrier } from './served/cluster-barrier.ts';
import { clusterCondition } from './served/cluster-condition.ts';
import { clusterEvent } from './served/cluster-event.ts';
import { type ClusterServedLock, clusterLock } from './served/cluster-lock.ts';
import { clusterDict, clusterValue, type PackedEntry } from './served/cluster-map.ts';
import { clusterQueue } from './served/cluster-queue.ts';
import { clusterSemaphore } from './served/cluster-semaphore.ts';
import { clusterTasks } from './served/cluster-tasks.ts';
import { readStats } from './tasks/cluster-stats.ts';
import type { PoolOrders } from './tasks/desk-task.ts';
import { readHosts } from './tasks/read-hosts.ts';

type Serve = (object: ClusterObject) => ServedObject;

interface Made {
  readonly object: ClusterObject;
  readonly served: ServedObject;
  users: number;
}

/** The objects of each gateway. All users of an object share its waits and holds. */
const objects = new WeakMap<Gateway, Map<string, Made>>();

/** The name of an object, or the id of one without a name. */
export type Whose = string | { readonly unnamed: string };

/** Makes an object for a client of a gateway; the first argument is its name or id. */
export function makeClusterObject(
  gateway: Gateway,
  find: FindObject,
  type: string,
  args: readonly unknown[],
): ServedObject {
  const [whose, ...rest] = args;
  if (type === 'deleter') return deleter(gateway);
  if (type === 'overview') return overview(gateway);
  if (type === 'tasks') return clusterTasks(gateway, rest[0] as PoolOrders);
  if (type === 'condition') return condition(find, rest[0], whose);
  const [kind, serve] = kindOf(type, rest);
  const name = typeof whose === 'string' ? whose : undefined;
  const id = name === undefined ? idOfUnnamed(whose) : idOfName(name);
  let known = objects.get(gateway);
  if (known === undefined) objects.set(gateway, (known = new Map()));
  return shared(known, gateway, kind, { id, name }, serve);
}

function idOfUnnamed(whose: unknown): string {
  const id = (whose as { unnamed?: unknown } | undefined)?.unnamed;
  if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw new TypeError('name must be a string');
  return `u:${id}`;
}

function shared(
  known: Map<string, Made>,
  gateway: Gateway,
  kind: Kind,
  { id, name }: { readonly id: string; readonly name: string | undefined },
  serve: Serve,
): ServedObject {
  let made = known.get(id);
  if (made === undefined || made.object.hasEnded) {
    const object = new ClusterObject(gateway, kind, id, name);
    known.set(id, (made = { object, served: serve(object), users: 0 }));
    const own = made;
    // If the name is in use for something else, the next call must find that out anew.
    object.opened().catch((error) => {
      if (!(error instanceof ClusterError) && known.get(id) === own) known.delete(id);
    });
  } else if (made.object.kind.type !== kind.type || made.object.kind.config !== kind.config) {
    throw nameInUse(name, made.object.kind.type, kind);
  }
  const own = made;
  own.users++;
  return {
    // Also what the conditions of a lock need.
    ...own.served,
    dispose: () => {
      if (--own.users > 0) return;
      if (known.get(id) === own) known.delete(id);
      own.served.dispose?.();
    },
  };
}

function kindOf(type: string, args: readonly unknown[]): [Kind, Serve] {
  const [first, second] = args;
  switch (type) {
    case 'queue':
    case 'joinableQueue': {
      const config = `${type === 'queue' ? '-' : 'j'}${second === true ? 'r' : '-'}${Number(first)}`;
      const fields = ['max', String(first), 'unfinished', '0'];
      return [{ script: { name: 'mpQueue', text: QUEUE }, type, config, fields }, clusterQueue];
    }
    case 'lock':
    case 'rlock':
      return [{ script: { name: 'mpLock', text: LOCK }, type, config: '', fields: ['last', '0'] }, clusterLock];
    case 'semaphore':
    case 'boundedSemaphore': {
      const fields = ['free', String(first), 'top', type === 'semaphore' ? '' : String(first)];
      const config = type === 'semaphore' ? '' : String(first);
      return [{ script: { name: 'mpSemaphore', text: SEMAPHORE }, type, config, fields }, clusterSemaphore];
    }
    case 'event':
      return [
        { script: { name: 'mpEvent', text: EVENT }, type, config: '', fields: ['flag', '0', 'sets', '0'] },
        clusterEvent,
      ];
    case 'barrier': {
      const fields = ['parties', String(first), 'count', '0', 'broken', '0'];
      return [{ script: { name: 'mpBarrier', text: BARRIER }, type, config: String(first), fields }, clusterBarrier];
    }
    case 'dict':
    case 'value': {
      const kind = { script: { name: 'mpMap', text: MAP }, type, config: '', fields: ['ticket', '0'] };
      if (type === 'dict') return [kind, (object) => clusterDict(object, first as PackedEntry[])];
      return [kind, (object) => clusterValue(object, first as Uint8Array)];
    }
    default:
      throw new RemoteError(`A cluster has no type ${type}.`);
  }
}

/** Makes a condition of a lock. A condition without a name is the only one of a lock with a name, and has an id at a lock without a name. */
function condition(find: FindObject, proxy: unknown, whose: unknown): ServedObject {
  const lock = proxy instanceof BaseProxy ? find(proxy) : undefined;
  if (lock === undefined || !('takeBack' in lock)) {
    throw new TypeError('A condition is made of a lock or an rlock of the same cluster.');
  }
  const its = lock as ClusterServedLock;
  const name = typeof whose === 'string' ? idOfName(whose) : its.object.isNamed ? 'only' : idOfUnnamed(whose);
  return clusterCondition(its, name);
}

function deleter(gateway: Gateway): ServedObject {
  return {
    type: 'deleter',
    async call(_method, [name]) {
      const seq = String(gateway.nextCall());
      const keys = keysOf(gateway.namespace, idOfName(String(name)), `${gateway.id}:d${seq}`);
      const args = ['delete', gateway.id, String(gateway.lease), seq, '', gateway.channels];
      const reply = await gateway.redis.run({ name: 'mpDelete', text: DELETE }, keys, args, false);
      return reply[0] === 1;
    },
  };
}

/** Makes the object that reads the hosts and the load of the cluster. */
function overview(gateway: Gateway): ServedObject {
  const { redis, namespace, seal } = gateway;
  return {
    type: 'overview',
    async call(method) {
      await redis.opened();
      return await (method === 'hosts' ? readHosts(redis, namespace, seal) : readStats(redis, namespace));
    },
  };
}
