import type { WaitOptions } from '../../contracts/options.ts';
import type { Caller } from '../../managers/caller.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { WAIT } from '../line.ts';
import type { ClusterObject } from '../object.ts';
import { flag, says } from '../script-values.ts';

/** Serves an event in Redis. */
export function clusterEvent(object: ClusterObject): ServedObject {
  const wait = (caller: Caller, options: WaitOptions | undefined): Promise<boolean> => {
    /** The number of times that the event had been set when this wait began. */
    let sets = '';
    return object.line('a').enter<boolean>(caller, options, {
      async attempt(isFirst, once) {
        const reply = await object.run('wait', [flag(isFirst), flag(once), sets]);
        if (says(reply, 'OK')) return true;
        sets = String(reply[1]);
        return WAIT;
      },
      expire: () => false,
      undo() {},
    });
  };
  return serve(
    'event',
    {
      isSet: async () => String((await object.run('state'))[0]) === '1',
      set: async () => void (await object.run('set')),
      clear: async () => void (await object.run('clear')),
      wait,
    },
    () => object.dispose(),
  );
}
