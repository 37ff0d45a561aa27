import { StateError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { Caller } from '../../managers/caller.ts';
import type { Client } from '../../managers/client.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { WAIT } from '../line.ts';
import type { ClusterObject } from '../object.ts';
import { flag, says } from '../script-values.ts';
import { clientNumber } from './client-number.ts';

/** Serves a semaphore in Redis. */
export function clusterSemaphore(object: ClusterObject): ServedObject {
  /** Clients that may hold units. */
  const known = new WeakSet<Client>();
  const abandon = (number: string) => void object.run('abandon', ['', '', number]).catch(() => {});
  const give = async (number: string) => {
    const reply = await object.run('release', ['', '', number]);
    // Waits of this gateway need no message.
    object.hint('a');
    return reply;
  };

  const acquire = (caller: Caller, options: WaitOptions | undefined): Promise<boolean> => {
    const { client } = caller;
    const number = clientNumber(client);
    if (!known.has(client)) {
      known.add(client);
      client.onEnd(() => abandon(number));
    }
    return object.line('a').enter<boolean>(caller, options, {
      async attempt(isFirst, once) {
        const reply = await object.run('take', [flag(isFirst), flag(once), number], true);
        if (says(reply, 'WAIT')) return WAIT;
        object.isHeld = true;
        if (client.isDead) abandon(number);
        return true;
      },
      expire: () => false,
      undo: () => void give(number).catch(() => {}),
    });
  };

  return serve(
    object.kind.type,
    {
      acquire,
      tryAcquire: (caller) => acquire(caller, { timeout: 0 }),
      release: async ({ client }) => {
        if (says(await give(clientNumber(client)), 'FREE')) {
          throw new StateError('release() of a BoundedSemaphore of which nothing is taken.');
        }
      },
      getValue: async () => Number((await object.run('state'))[0]),
      locked: async () => Number((await object.run('state'))[0]) === 0,
      abandoned: async () => String((await object.run('state'))[1]) === '1',
    },
    () => object.dispose(),
  );
}
