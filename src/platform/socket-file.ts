import type { Server } from 'node:net';
import { basename, dirname, fs, randomHex } from '../engine/builtins.ts';
import { askedInThread } from './asked-in-thread.ts';
import { listenAt } from './net-handle.ts';
import { socketPath } from './socket-path.ts';

/** The length of the longest name that we make in the folder of a socket. */
const OWN_NAME = 14;

/**
 * Makes a server listen at the path of a unix socket to which only its owner may connect. The server listens under a secret name first, and then gets the
 * path. So a program that finds the file finds a server that listens, and a file that refuses was left behind. Beside the server listens a _guard_, which others ask
 * whether the socket is in use, so that the server itself notices nothing. Returns a function that ends the guard.
 */
export function listenAtFile(server: Server, path: string, backlog: number): () => void {
  // A path to the folder that leaves room for our own names too.
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

/** Makes a guard listen beside a socket, in `folder`, for programs that ask whether the socket is in use. */
function guard(socket: string, folder: string): () => void {
  const name = guardName(fs.lstatSync(socket, { bigint: true }));
  // The guard of an earlier socket with this number, which is ours now.
  fs.rmSync(`${folder}/${name}`, { force: true });
  const server = process.getBuiltinModule('node:net').createServer((asking) => asking.destroy());
  listenAt(server, { path: `${dirname(socket)}/${name}` }, 16, folder);
  server.unref();
  return () => {
    server.close();
    fs.rmSync(`${folder}/${name}`, { force: true });
  };
}

/** Returns the name under which the guard of a socket listens: the number of the socket's file. */
function guardName({ ino }: { ino: bigint }): string {
  return `.${ino.toString(36)}`;
}

/** Gives a file a second name. Returns false if the name is taken. */
function take(file: string, name: string): boolean {
  try {
    fs.linkSync(file, name);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // The file system has no hard links: another program may take the name between this look and the next line.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    if (fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined) return false;
    fs.renameSync(file, name);
    return true;
  }
}

/** Removes the file of a socket that no program has open any more. Returns false if a program has it open, if another program removes it just now, or if it is no socket. */
function removeStale(path: string): boolean {
  const stale = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stale === undefined) return true;
  if (!stale.isSocket()) return false;
  const guarding = `${dirname(path)}/${guardName(stale)}`;
  const isGuarded = askedInThread('listener', guarding).code === undefined;
  // The server may have no guard.
  if (isGuarded || askedInThread('listener', path).code !== 'ECONNREFUSED') return false;
  const aside = `${dirname(path)}/.${randomHex(4)}`;
  try {
    // Of all programs that try to remove it, only one can rename it.
    fs.renameSync(path, aside);
  } catch {
    return false;
  }
  const removed = fs.lstatSync(aside, { bigint: true });
  const isStale = removed.dev === stale.dev && removed.ino === stale.ino;
  // Meanwhile another program has removed it and has taken the path: give the path back.
  if (!isStale) take(aside, path);
  fs.rmSync(aside, { force: true });
  if (isStale) fs.rmSync(guarding, { force: true });
  return isStale;
}

function inUse(path: string): NodeJS.ErrnoException {
  const text = `bind EADDRINUSE: address already in use ${path}`;
  return Object.assign(new Error(text), { code: 'EADDRINUSE', syscall: 'bind' });
}
