/** What Ctrl-C does to a pool. */
export interface Interruptible {
  isBusy(): boolean;
  drain(): Promise<void>;
  terminate(): void;
}

const EXIT_CODE = 130;
const pools = new Set<Interruptible>();
let isDraining = false;

/**
 * At Ctrl-C, finishes the pool's tasks and then ends the program with 130; a second Ctrl-C ends everything at once. Does nothing if the
 * program itself listens to SIGINT.
 */
export function watchInterrupt(pool: Interruptible): void {
  if (pools.size === 0) process.on('SIGINT', onInterrupt);
  pools.add(pool);
}

export function unwatchInterrupt(pool: Interruptible): void {
  pools.delete(pool);
  if (pools.size === 0) process.off('SIGINT', onInterrupt);
}

function onInterrupt(): void {
  if (process.listenerCount('SIGINT') > 1) return;
  if (isDraining || ![...pools].some((pool) => pool.isBusy())) {
    for (const pool of pools) pool.terminate();
    process.exit(EXIT_CODE);
  }
  isDraining = true;
  Promise.all([...pools].map((pool) => pool.drain())).finally(() => process.exit(EXIT_CODE));
}
