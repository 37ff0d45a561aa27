import type { Server } from 'node:net';
import { basename, dirname, fs, randomHex } from '../engine/builtins.ts';
import { askedInThread } from './asked-in-thread.ts';
import { listenAt } from './net-handle.ts';
import { socketPath } from './socket-path.ts';

/** The longest name that we make in the folder of a socket. */
const OWN_NAME = 14;

/**
 * Has a server listen at the path of a unix socket to which its owner alone may connect. It listens under a name that nobody knows, and only then gets the
 * path: so whoever finds the file finds somebody listening, and a file that refuses has been left behind. Beside it listens a _guard_, whom others ask
 * whether the socket is in use: the server itself notices nothing of that. Returns what ends the guard.
 */
export function listenAtFile(server: Server, path: string, backlog: number): () => void {
  // A folder that leaves room for our own names too.
  const short = socketPath(`${dirname(path)}/${basename(path).padEnd(OWN_NAME, 'x')}`);
  const folder = dirname(short.path);
  const unknown = `${folder}/.${randomHex(4)}`;
  const named = `${folder}/${basename(path)}`;
  try {
    listenAt(server, { path: unknown }, backlog, path);
    let endGuard: (() => void) | undefined;
    try {
      fs.chmodSync(unknown, 0o600);
      endGuard = guard(unknown, dirname(path));
      if (!take(unknown, named) && !(removeStale(named) && take(unknown, named))) throw inUse(path);
      return endGuard;
    } catch (error) {
      endGuard?.();
      server.close();
      throw error;
    } finally {
      fs.rmSync(unknown, { force: true });
    }
  } finally {
    short.release();
  }
}

/** Has somebody listen beside a socket for those who ask whether it is in use; `folder` is where that stays. */
function guard(socket: string, folder: string): () => void {
  const name = guardName(fs.lstatSync(socket, { bigint: true }));
  // Of an earlier socket with this number, which is ours now.
  fs.rmSync(`${folder}/${name}`, { force: true });
  const server = process.getBuiltinModule('node:net').createServer((asking) => asking.destroy());
  listenAt(server, { path: `${dirname(socket)}/${name}` }, 16, folder);
  server.unref();
  return () => {
    server.close();
    fs.rmSync(`${folder}/${name}`, { force: true });
  };
}

/** The name under which the guard of a socket listens: the number of the socket's file. */
function guardName({ ino }: { ino: bigint }): string {
  return `.${ino.toString(36)}`;
}

/** Gives a file a second name; false if somebody has that. */
function take(file: string, name: string): boolean {
  try {
    fs.linkSync(file, name);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without second names: between this look and the next line another may do the same.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    if (fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined) return false;
    fs.renameSync(file, name);
    return true;
  }
}

/** Removes the file of a socket that nobody has any more; false if somebody has it, or somebody else removes it just now, or it is no socket. */
function removeStale(path: string): boolean {
  const stale = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stale === undefined) return true;
  if (!stale.isSocket()) return false;
  const guarding = `${dirname(path)}/${guardName(stale)}`;
  const isGuarded = askedInThread('listener', guarding).code === undefined;
  // It may be that of a server which has no guard.
  if (isGuarded || askedInThread('listener', path).code !== 'ECONNREFUSED') return false;
  const aside = `${dirname(path)}/.${randomHex(4)}`;
  try {
    // Of all who would remove it one can rename it.
    fs.renameSync(path, aside);
  } catch {
    return false;
  }
  const removed = fs.lstatSync(aside, { bigint: true });
  const isStale = removed.dev === stale.dev && removed.ino === stale.ino;
  // In the meantime another has removed it, and taken the path: it gets that back.
  if (!isStale) take(aside, path);
  fs.rmSync(aside, { force: true });
  if (isStale) fs.rmSync(guarding, { force: true });
  return isStale;
}

function inUse(path: string): NodeJS.ErrnoException {
  const text = `bind EADDRINUSE: address already in use ${path}`;
  return Object.assign(new Error(text), { code: 'EADDRINUSE', syscall: 'bind' });
}
