import { queueMicrotask, types } from '../builtins.ts';
import { stackOf } from '../stack-of.ts';

/** Callbacks of users whose time has come, to be called outside of the dispatcher's work. */
const due: (() => unknown)[] = [];
let scheduled = false;

/**
 * Calls a user's callback outside of the dispatcher, before whoever awaits a promise that is settled after this goes on. What it
 * throws becomes a process warning and harms nothing.
 */
export function callLater<A extends unknown[]>(callback: ((...args: A) => unknown) | undefined, ...args: A): void {
  if (callback === undefined) return;
  due.push(() => callback(...args));
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(callDue);
}

/** Calls what is due: for a thread that is blocked, where no promise ever comes true. */
export function callDue(): void {
  scheduled = false;
  for (let callback = due.shift(); callback !== undefined; callback = due.shift()) {
    try {
      const answer = callback();
      if (types.isPromise(answer)) answer.catch(warn);
    } catch (error) {
      warn(error);
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(
    `A callback of a Pool threw: ${error instanceof Error ? (stackOf(error) ?? error.message) : String(error)}`,
  );
}
