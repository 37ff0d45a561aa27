import type { Processes } from '../platform/processes.ts';

/**
 * Lets a child that has done its work end without a shutdown of Node's engine, which costs more than the rest of an exit. Exit handlers
 * run as usual. Does nothing if Node itself must write something at its end.
 */
export function exitQuickly(processes: Processes): void {
  if (process.env.NODE_V8_COVERAGE !== undefined || process.execArgv.some((option) => /prof|trace|report/.test(option)))
    return;
  const node = process as unknown as { reallyExit(code: number): never };
  node.reallyExit = (code) => processes.exitNow(code);
  process.prependListener('beforeExit', () => {
    // Another handler may have found more work: Node checks this afterwards, and ends the process if there is none.
    if (process.listenerCount('beforeExit') === 1) process.exit();
  });
}
