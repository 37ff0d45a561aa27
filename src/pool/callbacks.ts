import { queueMicrotask, types } from '../engine/builtins.ts';
import { textOf } from '../engine/stack-of.ts';

/** User callbacks that are due, to be called outside the dispatcher's work. */
const due: (() => unknown)[] = [];
let scheduled = false;

/**
 * Calls a user's callback outside the dispatcher, and before code that awaits a promise settled after this call goes on. An error that
 * the callback throws becomes a process warning.
 */
export function callLater<A extends unknown[]>(callback: ((...args: A) => unknown) | undefined, ...args: A): void {
  if (callback === undefined) return;
  due.push(() => callback(...args));
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(callDue);
}

/** Calls the callbacks that are due, for a blocked thread, in which no promise resolves. */
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
  process.emitWarning(`A callback of a Pool threw: ${textOf(error)}`);
}
