import type { Barrier } from '../../channel/barrier.ts';
import type { Client } from '../client.ts';
import { type ServedObject, serve } from '../served-object.ts';

/** A barrier whose parties are clients. If a client that has come, in this round or an earlier one, is killed, the barrier breaks. */
export function servedBarrier(barrier: Barrier): ServedObject {
  const parties = new Map<Client, { waits: number; forget: () => void }>();
  const join = (client: Client) => {
    let party = parties.get(client);
    if (party === undefined) {
      const onEnd = (orderly: boolean) => {
        if (parties.get(client)!.waits > 0 || !orderly) barrier.abort();
        parties.delete(client);
      };
      parties.set(client, (party = { waits: 0, forget: client.onEnd(onEnd) }));
    }
    return party;
  };
  return serve(
    'barrier',
    {
      wait: async ({ client, signal }, options) => {
        const party = join(client);
        party.waits++;
        try {
          return await barrier.wait({ timeout: options?.timeout, signal });
        } finally {
          party.waits--;
        }
      },
      reset: () => barrier.reset(),
      abort: () => barrier.abort(),
      parties: () => barrier.parties,
      nWaiting: () => barrier.nWaiting,
      broken: () => barrier.broken,
    },
    () => {
      for (const { forget } of parties.values()) forget();
    },
  );
}
