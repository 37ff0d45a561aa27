/**
 * What the library uses of Node's modules from its first moment on. Not by `import`, which reads every property of the module:
 * of `node:fs` that loads all of the streams, of `node:timers` and `node:util` some more, 10 ms in each process.
 */
export const {
  closeSync,
  constants: fileConstants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
} = process.getBuiltinModule('node:fs');
export const { constants: systemConstants, availableParallelism } = process.getBuiltinModule('node:os');
/** The program may have mocked the global one. */
export const { setTimeout: setTimer } = process.getBuiltinModule('node:timers');
export const { inspect, types } = process.getBuiltinModule('node:util');
