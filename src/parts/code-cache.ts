/**
 * Code that V8 has compiled, kept for later processes in a folder of the user. A user who can write such a file can make this process run any code.
 * Therefore a file is used only if it belongs to this user, if nobody else can write it, and if it holds the very source that is about to run. V8 itself
 * refuses code of another version of V8 or of other flags. If any of this fails, the source is compiled as if there were no cache.
 */
import type { Stats } from 'node:fs';
import { fs } from '../engine/real-files.ts';
import { realDate } from '../engine/real-time.ts';

/** The largest age of a file, in milliseconds: files of a library that was removed must go, too. */
const MAX_AGE = 30 * 24 * 3600_000;

/** The largest size of all files together, in bytes: enough for about twenty installations, versions and sets of options. */
const MAX_BYTES = 128 * 2 ** 20;

/** The age, in milliseconds, before which a file that V8 refuses is not written again. */
const MIN_AGE = 3600_000;

/** At this age, in milliseconds, code is compared with what has been compiled beyond it: the first program may have used little of the library. */
const LOOK_AGAIN = 60_000;

/** It is written anew if there is more by this factor. */
const GROWN = 1.05;

const now = (): number => realDate().now();

let known: { readonly folder: string | undefined } | undefined;

/** Code of an earlier process. */
interface Kept {
  readonly code: Uint8Array;
  readonly writtenAt: number;
}

/** The source of a file is compared with what was kept in pieces of this many bytes: fresh memory costs more than to read into it. */
const PIECE = 2 ** 16;

/** What was compiled of a script. */
export interface Compiled {
  /** What runs it, and what part of the library it is: its code is kept for both. */
  readonly role: string;
  readonly part: string;
  /** How much this process was given of it, in bytes, and when that was written; not the code itself, which V8 has taken over. */
  readonly kept: { readonly bytes: number; readonly writtenAt: number } | undefined;
  source(): Uint8Array;
  code(): Uint8Array;
}

/**
 * Returns the code that was kept of `source` for this role, in memory of `allocate`; `undefined` if there is none, or none to be trusted. `allocate` is
 * called when `source` has been compared, and may return its memory.
 */
export function cachedCode(
  role: string,
  part: string,
  source: Uint8Array,
  allocate: (bytes: number) => Uint8Array,
): Kept | undefined {
  known ??= { folder: usable(folderOfUser()) };
  if (known.folder === undefined) return undefined;
  const { O_NOFOLLOW, O_RDONLY } = fs.constants;
  let fd: number | undefined;
  try {
    fd = fs.openSync(`${known.folder}/${fileOf(role, part)}`, O_RDONLY | O_NOFOLLOW);
    const stats = fs.fstatSync(fd);
    if (!stats.isFile() || stats.nlink !== 1 || !isOnlyOurs(stats)) return undefined;
    if (stats.mtimeMs < now() - MAX_AGE) return undefined;
    const start = HEADER + source.length;
    const length = stats.size - start;
    if (length < 0 || !holds(fd, 0, headerOf(source.length, length)) || !holds(fd, HEADER, source)) return undefined;
    const code = allocate(length);
    return fs.readSync(fd, code, 0, length, start) === length ? { code, writtenAt: stats.mtimeMs } : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Returns true if the file has these bytes at `position`. */
function holds(fd: number, position: number, bytes: Uint8Array): boolean {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, bytes.length));
  for (let at = 0; at < bytes.length; at += PIECE) {
    const length = Math.min(PIECE, bytes.length - at);
    if (fs.readSync(fd, piece, 0, length, position + at) !== length) return false;
    if (piece.compare(bytes, at, at + length, 0, length) !== 0) return false;
  }
  return true;
}

/** Keeps at the end what this process has compiled of a script, for later processes, if it is more than they would find. */
export function keepAtExit(script: Compiled): void {
  if (keepsCode() && compiled.push(script) === 1) process.once('exit', keepAll);
}

/** Keeps the code again that V8 has refused, but not again and again: programs that change V8's flags would take turns. */
export function renewAtExit(script: Compiled, writtenAt: number): void {
  if (writtenAt < now() - MIN_AGE) keepAtExit(script);
}

/** Returns true if there is a folder for compiled code. */
export function keepsCode(): boolean {
  return folderOfUser() !== undefined;
}

const compiled: Compiled[] = [];

function keepAll(): void {
  try {
    const due = [...new Set(compiled.map((script) => script.role))]
      .map((role) => compiled.filter((script) => script.role === role))
      .filter(isDue);
    const folder = due.length > 0 ? usable(madeFolder()) : undefined;
    if (folder === undefined) return;
    const isMore = due.flat().map((script) => keepOrTouch(folder, script));
    if (isMore.includes(true)) sweep(folder);
  } catch {
    // The disk is full, or the folder cannot be written: later processes compile, as this one did.
  }
}

/** A process that is the first to use a part has also used more of the others. */
function isDue(scripts: readonly Compiled[]): boolean {
  return scripts.some(({ kept }) => kept === undefined || kept.writtenAt < now() - LOOK_AGAIN);
}

/** Keeps the code of a script if V8 has compiled more of it than was kept. Returns whether it has; if not, there is no need to look again for a while. */
function keepOrTouch(folder: string, script: Compiled): boolean {
  const { role, part, kept } = script;
  const code = script.code();
  const isMore = kept === undefined || code.length > kept.bytes * GROWN;
  if (isMore) keep(folder, script, code);
  else fs.utimesSync(`${folder}/${fileOf(role, part)}`, now() / 1000, now() / 1000);
  return isMore;
}

function keep(folder: string, { role, part, source: read }: Compiled, code: Uint8Array): void {
  const file = fileOf(role, part);
  const source = read();
  // Other processes find the whole file or none, even after a crash of the machine.
  const unfinished = `${folder}/${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const fd = fs.openSync(unfinished, 'wx', 0o600);
  try {
    for (const bytes of [headerOf(source.length, code.length), source, code]) {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
    }
    fs.fsyncSync(fd);
    fs.renameSync(unfinished, `${folder}/${file}`);
  } catch (error) {
    fs.unlinkSync(unfinished);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes files that are too old, and the oldest files if all together are too large. */
function sweep(folder: string): void {
  const files = fs.readdirSync(folder).map((name) => {
    const path = `${folder}/${name}`;
    const { mtimeMs, size } = fs.lstatSync(path);
    return { path, mtimeMs, size };
  });
  files.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let sum = 0;
  for (const { path, mtimeMs, size } of files) {
    sum += size;
    if (sum > MAX_BYTES || mtimeMs < now() - MAX_AGE) fs.unlinkSync(path);
  }
}

/** Returns the folder of the user's cache; `undefined` if the user has no known home or does not want a cache. */
function folderOfUser(): string | undefined {
  const { HOME, NODE_DISABLE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
  // Bun and Deno report a version of Node, but have engines of their own.
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) return undefined;
  // A program with a setuid bit has the environment of the user who called it.
  if (NODE_DISABLE_COMPILE_CACHE || process.getuid === undefined || process.getuid() !== process.geteuid?.())
    return undefined;
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/multiproc`;
  return HOME?.startsWith('/') ? `${HOME}/.cache/multiproc` : undefined;
}

/** Returns the folder, and makes it if it is missing, but only in a home of this user: root may have another user's environment. */
function madeFolder(): string | undefined {
  const folder = folderOfUser();
  if (folder === undefined) return undefined;
  const missing: string[] = [];
  let at = folder;
  for (; !fs.existsSync(at) && missing.length < 2; at = at.slice(0, at.lastIndexOf('/'))) missing.unshift(at);
  if (missing.length > 0 && fs.statSync(at).uid !== process.getuid?.()) return undefined;
  for (const path of missing) fs.mkdirSync(path, { mode: 0o700 });
  return folder;
}

/** Returns the folder if it exists and no other user can write to it. */
function usable(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  try {
    const stats = fs.lstatSync(folder);
    return stats.isDirectory() && isOnlyOurs(stats) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function isOnlyOurs({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

function fileOf(role: string, part: string): string {
  return `${role}-${part}-${(hash ??= hashOfInstallation())}`;
}

let hash: string | undefined;

/** Returns the name of a file. Each installation, version of Node and set of options has files of its own, so that they do not overwrite each other. */
function hashOfInstallation(): string {
  const { arch, env, execArgv, version } = process;
  // Without the values of --eval and --require, which belong to one program.
  const options = [...execArgv, ...(env.NODE_OPTIONS ?? '').split(' ')].filter((word) =>
    /^--[\w-]+(=[\w-]*)?$/.test(word),
  );
  const text = [__dirname, version, arch, ...options].join('\n');
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return (hash >>> 0).toString(36);
}

const HEADER = 64;

function headerOf(sourceLength: number, codeLength: number): Buffer {
  const text = `multiproc 2 ${process.version} ${process.arch} ${sourceLength} ${codeLength}`;
  return Buffer.from(`${text.padEnd(HEADER - 1)}\n`, 'latin1');
}
