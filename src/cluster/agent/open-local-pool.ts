import { share } from '../../channel/shared-copy.ts';
import { Pool } from '../../pool/pool.ts';
import type { CodePlaces } from '../code/host-border.ts';
import type { PoolHeader } from '../tasks/letter.ts';
import type { HostOfPools } from './host-of-pools.ts';
import { finalizeSealed, initializeSealed } from './run-sealed.ts';

/** Opens the workers of this machine for a pool of the cluster. They start when there is work. */
export function openLocalPool(
  host: HostOfPools,
  header: PoolHeader,
  initializer: Uint8Array,
  places: CodePlaces,
): Pool {
  const { hasInitializer, name, concurrency, env, maxTasksPerChild, maxMemoryPerChild, maxPayload, depth } = header;
  return new Pool({
    name,
    concurrency,
    env,
    maxTasksPerChild,
    maxMemoryPerChild,
    cluster: false,
    processes: host.slots,
    initializer: initializeSealed,
    initargs: [host.door, places, hasInitializer ? share(initializer) : undefined, maxPayload, depth],
    ...(hasInitializer && { finalizer: finalizeSealed }),
  });
}
