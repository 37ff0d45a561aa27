import type { Barrier } from '../../channel/barrier.ts';
import { type ServedObject, serve } from '../served-object.ts';
import { Parties } from './parties.ts';

/** Serves a barrier whose parties are clients. If a client that has come, in this round or an earlier one, is killed, the barrier breaks. */
export function servedBarrier(barrier: Barrier): ServedObject {
  const parties = new Parties(() => barrier.abort());
  return serve(
    'barrier',
    {
      wait: ({ client, signal }, options) =>
        parties.waiting(client, () => barrier.wait({ timeout: options?.timeout, signal })),
      reset: () => barrier.reset(),
      abort: () => barrier.abort(),
      parties: () => barrier.parties,
      nWaiting: () => barrier.nWaiting,
      broken: () => barrier.broken,
    },
    () => parties.dispose(),
  );
}
