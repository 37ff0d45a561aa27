import { clock, setTimeout } from '../builtins.ts';

/** Milliseconds between looks, and those that handlers have for what they begin. */
const LOOK = 1;
const LONGEST = 1000;

/**
 * Calls the handlers of `beforeExit` and waits for what they begin: for a worker, which ends although timers and sockets that tasks left
 * behind would keep its event loop alive, so Node does not call them.
 */
export async function handleBeforeExit(): Promise<void> {
  // One is every child's own.
  if (process.listenerCount('beforeExit') <= 1) return;
  await pause();
  const before = process.getActiveResourcesInfo().length;
  process.emit('beforeExit', Number(process.exitCode ?? 0));
  const end = clock() + LONGEST;
  do await pause();
  while (process.getActiveResourcesInfo().length > before && clock() < end);
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, LOOK));
}
