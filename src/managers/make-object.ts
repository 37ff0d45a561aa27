import { Barrier } from '../channel/barrier.ts';
import { BoundedBuffer } from '../channel/bounded-buffer.ts';
import { JoinableQueue } from '../channel/joinable-queue.ts';
import { RemoteError, StateError } from '../contracts/errors.ts';
import { types } from '../engine/builtins.ts';
import { Queue as LocalQueue } from '../queue/queue.ts';
import { Condition } from '../sync/condition.ts';
import { Event } from '../sync/event.ts';
import { Lock } from '../sync/lock.ts';
import { RLock } from '../sync/rlock.ts';
import { BoundedSemaphore, Semaphore } from '../sync/semaphore.ts';
import { CustomObject } from './custom-object.ts';
import type { FindObject } from './find-object.ts';
import type { MakeObject } from './object-table.ts';
import { BaseProxy } from './proxy.ts';
import { isClass, type Registration } from './registry.ts';
import { servedBarrier } from './served/served-barrier.ts';
import { servedCondition } from './served/served-condition.ts';
import { servedDict } from './served/served-dict.ts';
import { servedEvent } from './served/served-event.ts';
import { servedList } from './served/served-list.ts';
import { type ServedLock, servedLock } from './served/served-lock.ts';
import { servedNamespace } from './served/served-namespace.ts';
import { servedPool } from './served/served-pool.ts';
import { type QueueLike, servedQueue } from './served/served-queue.ts';
import { servedSet } from './served/served-set.ts';
import { servedArray, servedValue } from './served/served-value.ts';
import type { ServedObject } from './served-object.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the factories of `Manager` take, which look at it themselves.
type Builtin = (find: FindObject, ...args: any[]) => ServedObject;

/** The types of `Manager`. */
const builtins: Readonly<Record<string, Builtin>> = {
  queue: (_, maxsize) => servedQueue(new LocalQueue(maxsize), false),
  joinableQueue: (_, maxsize) => servedQueue(new LocalQueue(maxsize), true),
  lock: () => servedLock('lock', new Lock()),
  rlock: () => servedLock('rlock', new Lock()),
  semaphore: (_, value) => servedLock('semaphore', new Semaphore(value)),
  boundedSemaphore: (_, value) => servedLock('boundedSemaphore', new BoundedSemaphore(value)),
  condition: (find, lock) => servedCondition(lockOf(find, lock)),
  event: () => servedEvent(new Event()),
  barrier: (_, parties, options) => servedBarrier(new Barrier(parties, options)),
  dict: (_, init) => servedDict(init),
  list: (_, init) => servedList(init),
  set: (_, init) => servedSet(init),
  namespace: (_, init) => servedNamespace(init),
  value: (_, value) => servedValue(value),
  array: (_, items) => servedArray(items),
  pool: (_, options) => servedPool(options),
};

/** Returns a function that makes the objects for clients: of one of these types or of a built-in type. */
export function objectMaker(types: ReadonlyMap<string, Registration>, find: FindObject): MakeObject {
  return (type, args) => {
    const registration = types.get(type);
    if (registration !== undefined) return makeRegistered(registration, args, find);
    if (Object.hasOwn(builtins, type)) return builtins[type]!(find, ...args);
    throw new RemoteError(`The server of this manager knows no type ${type}: register it in the program that serves.`);
  };
}

function makeRegistered({ name, make, exposed }: Registration, args: unknown[], find: FindObject): ServedObject {
  if (isClass(make)) return new CustomObject(name, Reflect.construct(make, args) as object, exposed, true);
  const object: unknown = (make as (...args: unknown[]) => unknown)(...args);
  if (types.isPromise(object)) {
    object.catch(() => {});
    throw new TypeError(`The function registered as ${name} must return an object at once: it must not be async.`);
  }
  if (typeof object === 'object' && object !== null) {
    return (exposed === undefined && served(object, find)) || new CustomObject(name, object, exposed, false);
  }
  throw new TypeError(`The function registered as ${name} must return an object, not ${String(object)}.`);
}

/** Serves an object that a function returned, if there is a type for it. */
function served(object: object, find: FindObject): ServedObject | undefined {
  const known = sharedAlready.get(object);
  if (known !== undefined) return known;
  const made = object instanceof BaseProxy ? find(object) : serveAs(object);
  if (made?.type === 'rlock' || made?.type === 'condition') throw notSharable(made.type);
  if (made !== undefined) sharedAlready.set(object, made);
  return made;
}

/** The holder of a lock must be known in one place, however often the lock is returned. */
const sharedAlready = new WeakMap<object, ServedObject>();

function serveAs(object: object): ServedObject | undefined {
  if (object instanceof Map) return servedDict(object);
  if (Array.isArray(object)) return servedList(object);
  if (object instanceof Set) return servedSet(object);
  if (object instanceof LocalQueue) return servedQueue(object as QueueLike, true);
  if (object instanceof BoundedBuffer)
    return servedQueue(object as unknown as QueueLike, object instanceof JoinableQueue);
  if (object instanceof RLock || object instanceof Condition) throw notSharable(object.constructor.name);
  if (object instanceof Lock) return servedLock('lock', object);
  if (object instanceof Semaphore) return servedLock('semaphore', object);
  if (object instanceof Event) return servedEvent(object);
  if (object instanceof Barrier) return servedBarrier(object);
  return undefined;
}

function notSharable(type: string): StateError {
  return new StateError(
    `A registered function cannot share a ${type}, whose owner must be known from the first call on: put the proxy that manager.${type.toLowerCase()}() makes into a dict that it shares.`,
  );
}

function lockOf(find: FindObject, proxy: unknown): ServedLock {
  const object = proxy instanceof BaseProxy ? find(proxy) : undefined;
  if (object !== undefined && 'holders' in object) return object as ServedLock;
  throw new TypeError('condition() takes a lock or an rlock of the same manager.');
}
