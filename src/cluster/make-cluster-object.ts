import { RemoteError, StateError } from '../contracts/errors.ts';
import type { FindObject } from '../managers/find-object.ts';
import { BaseProxy } from '../managers/proxy.ts';
import type { ServedObject } from '../managers/served-object.ts';
import type { Gateway } from './gateway.ts';
import { ClusterObject, idOfName, type Kind, keysOf } from './object.ts';
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

type Serve = (object: ClusterObject) => ServedObject;

interface Made {
  readonly object: ClusterObject;
  readonly served: ServedObject;
  users: number;
}

/** The named objects of each gateway: who uses the same name has the same object, whose waits and holds are one. */
const named = new WeakMap<Gateway, Map<string, Made>>();

/** Makes what clients of a gateway ask for; the first argument is the name. */
export function makeClusterObject(
  gateway: Gateway,
  find: FindObject,
  type: string,
  args: readonly unknown[],
): ServedObject {
  const [name, ...rest] = args;
  if (name !== undefined && typeof name !== 'string') throw new TypeError('name must be a string');
  if (type === 'deleter') return deleter(gateway);
  if (type === 'condition') return condition(find, rest[0], name);
  const [kind, serve] = kindOf(type, rest);
  if (name === undefined) return serve(new ClusterObject(gateway, kind, undefined));
  let known = named.get(gateway);
  if (known === undefined) named.set(gateway, (known = new Map()));
  return shared(known, gateway, kind, name, serve);
}

function shared(known: Map<string, Made>, gateway: Gateway, kind: Kind, name: string, serve: Serve): ServedObject {
  let made = known.get(name);
  if (made === undefined || made.object.hasEnded) {
    const object = new ClusterObject(gateway, kind, name);
    known.set(name, (made = { object, served: serve(object), users: 0 }));
    const own = made;
    // What could not be opened, such as the name of something else, must not stay.
    object.opened().catch(() => {
      if (known.get(name) === own) known.delete(name);
    });
  } else if (made.object.kind.type !== kind.type || made.object.kind.config !== kind.config) {
    throw new StateError(
      `The name ${JSON.stringify(name)} is in use for a ${made.object.kind.type}${made.object.kind.type === kind.type ? ' with other options' : ''}: choose another, or delete it first.`,
    );
  }
  const own = made;
  own.users++;
  return {
    // A lock's other parts, too, for its conditions.
    ...own.served,
    dispose: () => {
      if (--own.users > 0) return;
      if (known.get(name) === own) known.delete(name);
      own.object.dispose();
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

/** The condition with this name of a lock; without one, the only one of a lock with a name, and another one each time of a lock without. */
function condition(find: FindObject, proxy: unknown, name: string | undefined): ServedObject {
  const lock = proxy instanceof BaseProxy ? find(proxy) : undefined;
  if (lock === undefined || !('takeBack' in lock)) {
    throw new TypeError('A condition is made of a lock or an rlock of the same cluster.');
  }
  const its = lock as ClusterServedLock;
  return clusterCondition(its, name === undefined ? (its.object.isNamed ? 'only' : undefined) : idOfName(name));
}

function deleter(gateway: Gateway): ServedObject {
  return {
    type: 'deleter',
    async call(_method, [name]) {
      const keys = keysOf(gateway.namespace, idOfName(String(name)), gateway.id);
      const args = ['delete', gateway.id, String(gateway.lease), String(gateway.nextCall()), '', '', gateway.channels];
      const reply = await gateway.redis.run({ name: 'mpDelete', text: DELETE }, keys, args, false);
      return reply[0] === 1;
    },
  };
}
