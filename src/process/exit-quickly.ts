import type { Processes } from '../platform/processes.ts';

/**
 * Has a child whose work is done end without taking Node's engine apart first, which costs more than all the rest of an exit.
 * Exit handlers run as ever. Does nothing where Node itself has something to write at its end.
 */
export function exitQuickly(processes: Processes): void {
  if (process.env.NODE_V8_COVERAGE !== undefined || process.execArgv.some((option) => /prof|trace|report/.test(option)))
    return;
  const node = process as unknown as { reallyExit(code: number): never };
  node.reallyExit = (code) => processes.exitNow(code);
  process.prependListener('beforeExit', () => {
    // Any other handler may find more to do: whether it did, Node sees afterwards, and ends the process if not.
    if (process.listenerCount('beforeExit') === 1) process.exit();
  });
}
