import { clock } from '../engine/builtins.ts';
import { pause } from '../waits/timer.ts';

/** Milliseconds between two checks, and milliseconds that handlers have for the work that they begin. */
const LOOK = 1;
const LONGEST = 1000;

/**
 * Calls the handlers of `beforeExit` and waits for the work that they begin. A worker ends although timers and sockets of its tasks would
 * keep its event loop alive, so Node does not call these handlers.
 */
export async function handleBeforeExit(): Promise<void> {
  // Every child has one handler of its own.
  if (process.listenerCount('beforeExit') <= 1) return;
  await pause(LOOK);
  const before = process.getActiveResourcesInfo().length;
  process.emit('beforeExit', Number(process.exitCode ?? 0));
  const end = clock() + LONGEST;
  do await pause(LOOK);
  while (process.getActiveResourcesInfo().length > before && clock() < end);
}
