/**
 * Modules of Node that the library uses from its first moment on. Not by `import`, which reads every property of the module: of
 * `node:fs` that loads all of the streams, of `node:util` and `node:timers` some more, 10 ms in each process. `node:crypto`, which
 * is as much again, is loaded at its first use.
 */
export const fs = process.getBuiltinModule('node:fs');
export const os = process.getBuiltinModule('node:os');
export const { basename, dirname } = process.getBuiltinModule('node:path');
export const { inspect, types } = process.getBuiltinModule('node:util');
/** The global one may be mocked by the program. */
export const { setTimeout: setTimer } = process.getBuiltinModule('node:timers');

/** So many random bytes in hexadecimal, two characters each. */
export function randomHex(bytes: number): string {
  return process.getBuiltinModule('node:crypto').randomBytes(bytes).toString('hex');
}
