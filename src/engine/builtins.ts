import { realDate, realTimers } from './real-time.ts';

export { clock } from './clock.ts';
export { fs } from './real-files.ts';

/**
 * Modules of Node that the library uses from the start. Not loaded by `import`, which reads every property of a module: this loads all
 * streams with `node:fs`, and more with `node:util` and `node:timers`, 10 ms in each process. `node:crypto`, which takes as long again,
 * is loaded at its first use.
 */
export const os = process.getBuiltinModule('node:os');
export const { basename, dirname } = process.getBuiltinModule('node:path');
export const { inspect, types } = process.getBuiltinModule('node:util');

// Functions that a program may replace, for example by fake timers, as they were when the library was loaded: the family must not wait
// for a clock that stands still. `test/architecture.test.ts` finds code that takes these from the global object.
export const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = realTimers();
export const { queueMicrotask } = globalThis;
export const { nextTick } = process;
export const NativeDate = realDate();

/** Returns this many random bytes in hexadecimal, two characters each. */
export function randomHex(bytes: number): string {
  return process.getBuiltinModule('node:crypto').randomBytes(bytes).toString('hex');
}
