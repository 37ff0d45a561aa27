/**
 * Functions of `node:fs`, which a program may replace, as they were when the library was loaded. Ask for what may be a pipe or a socket with
 * `bigint: true`: Node before 24 takes the numbers of the last file that was asked for as those of the path that it resolves, and leaves
 * symbolic links as they are if that was a pipe or a socket.
 */
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
  utimesSync: files.utimesSync,
  writeSync: files.writeSync,
} as const;
