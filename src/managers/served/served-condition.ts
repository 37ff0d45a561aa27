import { StateError } from '../../contracts/errors.ts';
import { Condition } from '../../sync/condition.ts';
import type { Lock } from '../../sync/lock.ts';
import type { Caller } from '../caller.ts';
import type { FindObject } from '../find-object.ts';
import { BaseProxy } from '../proxy.ts';
import { type ServedObject, serve } from '../served-object.ts';
import type { ServedLock } from './served-lock.ts';
import { waiting } from './served-queue.ts';

/** Makes a condition of the lock that a proxy stands for. Throws a `TypeError` if that is no lock of this server. */
export function conditionOn(find: FindObject, proxy: unknown): ServedObject {
  const object = proxy instanceof BaseProxy ? find(proxy) : undefined;
  if (object !== undefined && 'holders' in object) return servedCondition(object as ServedLock);
  throw new TypeError('condition() takes a lock or an rlock of the same manager.');
}

/** Serves a condition that clients share. Each client holds its lock through the server. */
function servedCondition({ lock, holders }: ServedLock): ServedObject {
  const condition = new Condition(lock as Lock);
  const holding = ({ client }: Caller, call: string) => {
    if (!holders.holds(client)) throw new StateError(`${call}() needs the lock of its condition: acquire it first.`);
  };
  return serve('condition', {
    wait: async (caller, options) => {
      holding(caller, 'wait');
      const takeBack = holders.setAside(caller.client);
      try {
        return await condition.wait(waiting(caller, options));
      } finally {
        takeBack();
      }
    },
    notify: (caller, count = 1) => {
      holding(caller, 'notify');
      condition.notify(count);
    },
    notifyAll: (caller) => {
      holding(caller, 'notifyAll');
      condition.notifyAll();
    },
  });
}
