import { realDate, realTimers } from './real-time.ts';

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
const files = process.getBuiltinModule('node:fs');
export const fs = {
  chmodSync: files.chmodSync,
  closeSync: files.closeSync,
  constants: files.constants,
  existsSync: files.existsSync,
  fchmodSync: files.fchmodSync,
  fstatSync: files.fstatSync,
  fsyncSync: files.fsyncSync,
  ftruncateSync: files.ftruncateSync,
  linkSync: files.linkSync,
  lstatSync: files.lstatSync,
  mkdirSync: files.mkdirSync,
  mkdtempSync: files.mkdtempSync,
  openSync: files.openSync,
  readFileSync: files.readFileSync,
  readSync: files.readSync,
  readdirSync: files.readdirSync,
  readlinkSync: files.readlinkSync,
  realpathSync: files.realpathSync,
  renameSync: files.renameSync,
  rmSync: files.rmSync,
  rmdirSync: files.rmdirSync,
  statSync: files.statSync,
  symlinkSync: files.symlinkSync,
  unlinkSync: files.unlinkSync,
  writeSync: files.writeSync,
} as const;
export const { queueMicrotask } = globalThis;
export const NativeDate = realDate();
const { performance } = process.getBuiltinModule('node:perf_hooks');
/** Milliseconds on a clock that never goes back, as of `performance.now()`. */
// Bun has the method on the object itself.
export const clock: () => number = (Object.getPrototypeOf(performance).now ?? performance.now).bind(performance);

/** Returns this many random bytes in hexadecimal, two characters each. */
export function randomHex(bytes: number): string {
  return process.getBuiltinModule('node:crypto').randomBytes(bytes).toString('hex');
}
