/** A pool whose program may end by itself. */
interface Leaving {
  /** Makes idle workers leave in order, and keeps the program alive for a moment until they have left. */
  bidFarewell(): void;
}

const pools = new Set<Leaving>();

/**
 * If a program ends by itself and has not closed this pool, lets idle workers end as in a closed pool: with finalizer, exit handlers and
 * coverage. Otherwise the kernel would end them in the middle of that.
 */
export function watchEnd(pool: Leaving): void {
  if (pools.size === 0) process.on('beforeExit', onBeforeExit);
  pools.add(pool);
}

export function unwatchEnd(pool: Leaving): void {
  pools.delete(pool);
  if (pools.size === 0) process.off('beforeExit', onBeforeExit);
}

function onBeforeExit(): void {
  for (const pool of pools) pool.bidFarewell();
}
