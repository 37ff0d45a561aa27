import { basename, dirname } from './builtins.ts';
import { stackOf } from './stack-of.ts';

/** The folder of this library's own files, whose lines are of no use to a user: `dist/`, or `src/` of which this file is in a room. */
const folder = `${basename(__dirname) === 'engine' ? dirname(__dirname) : __dirname}/`;

/** Errors that show both sides already: an error may be thrown again and again. */
const shown = new WeakSet<Error>();

/**
 * Returns the error that another process threw, with a stack that shows both sides: where it was thrown, then who called here. `call` is
 * the name of the call. Use it in an async function that the user awaits: only then the engine knows the callers.
 */
export function withCallers<E>(error: E, call: string): E {
  if (!(error instanceof Error) || shown.has(error)) return error;
  const stack = stackOf(error);
  if (stack === undefined || !canChange(error)) return error;
  shown.add(error);
  const lines = stackOf(new Error())?.split('\n').slice(1) ?? [];
  const callers = lines.filter((line) => !line.includes(folder));
  const value = [stack, `  called by ${call}`, ...callers].join('\n');
  Object.defineProperty(error, 'stack', { value, configurable: true, writable: true, enumerable: false });
  return error;
}

function canChange(error: Error): boolean {
  return Object.getOwnPropertyDescriptor(error, 'stack')?.configurable ?? Object.isExtensible(error);
}
