import { LeaseLostError, StateError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { Caller } from '../../managers/caller.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { WAIT } from '../line.ts';
import { flag, says } from '../script-values.ts';
import type { ClusterServedLock, Hold } from './cluster-lock.ts';

/** Serves a condition in Redis: a line in its lock. `name` tells it from other conditions of the lock; see ../README.md, "Conditions". */
export function clusterCondition(lock: ClusterServedLock, name: string): ServedObject {
  const { object } = lock;
  let waits = 0;

  const holding = ({ client }: Caller, call: string): Hold => {
    const hold = lock.holdOf(client);
    if (hold === undefined) throw new StateError(`${call}() needs the lock of its condition: acquire it first.`);
    return hold;
  };
  const step = async (op: string, { fence }: Hold, last: string): Promise<void> => {
    if (!says(await object.run(op, [fence, name, last], op === 'await'), 'LOST')) return;
    throw new LeaseLostError('The lock of the condition was lost: its lease ended, or another program released it.');
  };

  const wait = async (caller: Caller, options: WaitOptions | undefined): Promise<boolean> => {
    const hold = holding(caller, 'wait');
    const number = String(++waits);
    await step('await', hold, number);
    lock.setAside(hold);
    try {
      return await notified(caller, options, number);
    } finally {
      // However the wait has ended, its caller must have the lock again.
      if (!hold.client.isDead) await lock.takeBack(hold);
    }
  };

  const notified = async (caller: Caller, options: WaitOptions | undefined, number: string): Promise<boolean> => {
    const line = `c${number}`;
    let isOver = false;
    try {
      isOver = await object.line(line).enter<boolean>(caller, options, {
        attempt: async () => (says(await object.run('notified', [name, number]), 'WAIT') ? WAIT : true),
        expire: () => false,
        undo() {},
      });
      return isOver || says(await object.run('desist', [name, number, '0']), 'OK');
    } catch (error) {
      // A notification of a wait that has given up goes to the next wait.
      await object.run('desist', [name, number, flag(true)]).catch(() => {});
      throw error;
    } finally {
      object.dropLine(line);
    }
  };

  return serve('condition', {
    wait,
    notify: (caller, count: unknown = 1) =>
      step('notify', holding(caller, 'notify'), String(Math.trunc(Number(count)))),
    notifyAll: (caller) => step('notify', holding(caller, 'notifyAll'), '4294967296'),
  });
}
