import { RemoteError } from '../contracts/errors.ts';
import { types } from '../engine/builtins.ts';
import { type BuiltIn, builtIns, notSharable } from './built-ins.ts';
import { CustomObject } from './custom-object.ts';
import type { FindObject } from './find-object.ts';
import type { MakeObject } from './object-table.ts';
import { BaseProxy } from './proxy.ts';
import { isClass, type Registration } from './registry.ts';
import type { ServedObject } from './served-object.ts';

const known: Readonly<Record<string, BuiltIn>> = builtIns;

/** Returns how a server makes the objects for clients: those of these types and of the built-in types. */
export function objectMaker(types: ReadonlyMap<string, Registration>): (find: FindObject) => MakeObject {
  return (find) => (type, args) => {
    const registration = types.get(type);
    if (registration !== undefined) return makeRegistered(registration, args, find);
    const make = Object.hasOwn(known, type) ? known[type]!.make : undefined;
    if (make !== undefined) return make(find, ...args);
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
  const before = sharedAlready.get(object);
  if (before !== undefined) return before;
  const made = object instanceof BaseProxy ? find(object) : serveAs(object);
  if (made?.type === 'rlock' || made?.type === 'condition') throw notSharable(made.type);
  if (made !== undefined) sharedAlready.set(object, made);
  return made;
}

/** The holder of a lock must be known in one place, however often the lock is returned. */
const sharedAlready = new WeakMap<object, ServedObject>();

function serveAs(object: object): ServedObject | undefined {
  for (const { serve } of Object.values(known)) {
    const made = serve?.(object);
    if (made !== undefined) return made;
  }
  return undefined;
}
