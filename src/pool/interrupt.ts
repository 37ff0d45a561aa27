/** What Ctrl-C does to pools that have work. */
export interface Interruptible {
  isBusy(): boolean;
  drain(): Promise<void>;
  terminate(): void;
}

const EXIT_CODE = 130;
const pools = new Set<Interruptible>();
let isDraining = false;

/**
 * Has Ctrl-C finish the pool's tasks and then end the program with 130; a second one ends everything at once. A program that
 * listens to SIGINT itself decides for itself.
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
