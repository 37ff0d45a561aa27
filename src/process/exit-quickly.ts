import { setImmediate } from '../engine/builtins.ts';
import type { Processes } from '../platform/processes.ts';

/** The turns of the event loop in which what was being closed at the end of the target is closed. */
const CLOSING_TURNS = 2;

/**
 * Makes `process.exit()` end this child without a shutdown of Node's engine, which costs more than the rest of an exit, and which does not
 * return if a compilation in the background awaits a collection (nodejs/node#54918). Exit handlers run as usual. Returns false, and
 * changes nothing, if Node itself must write something at its end.
 */
export function exitQuickly(processes: Processes): boolean {
  const options = [process.env.NODE_OPTIONS ?? '', ...process.execArgv];
  if (process.env.NODE_V8_COVERAGE !== undefined || options.some((option) => /prof|trace|report/.test(option)))
    return false;
  const node = process as unknown as { reallyExit(code?: number | string): never };
  // A code may be given as text, and libraries that replace this function may pass none.
  node.reallyExit = (code) => processes.exitNow(Number(code) || 0);
  return true;
}

/**
 * Ends a child that has done its work as soon as nothing keeps it alive. Before Node finds out by itself, it waits for compilations in the
 * background, for ever if one of them awaits a collection. Handlers of `beforeExit` and `exit` run as usual.
 */
export function endWhenIdle(processes: Processes): void {
  let turns = 0;
  let isTold = false;
  const look = () => {
    // Unreferenced, it also undoes what this turn's own immediate does to keep the loop alive.
    const next = setImmediate(look).unref();
    if (processes.isLoopAlive()) {
      isTold = false;
      if (turns++ < CLOSING_TURNS) next.ref();
      return;
    }
    if (isTold) process.exit();
    process.emit('beforeExit', Number(process.exitCode ?? 0));
    // Another handler may have found more work.
    isTold = !processes.isLoopAlive();
    next.ref();
  };
  process.prependListener('beforeExit', () => {
    if (process.listenerCount('beforeExit') === 1) process.exit();
  });
  setImmediate(look);
}
