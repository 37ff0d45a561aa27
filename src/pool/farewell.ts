/** A pool whose program may end by itself. */
export interface Leaving {
  /** Has workers with nothing to do leave in order, and keeps the program alive until they have, for a moment. */
  bidFarewell(): void;
}

const pools = new Set<Leaving>();

/**
 * Has a program that ends by itself, with a pool that nobody has closed, let idle workers end as they do in a pool that was closed:
 * with finalizer, handlers, coverage. The kernel would end them in the middle of that.
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
