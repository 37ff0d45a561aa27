import { lstatSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sockets } from '../platform/choose.ts';
import { type Address, isLoopback, parseAddress, showAddress, withPort } from './address.ts';

/** If other machines can try keys, a shorter key is soon guessed. */
const LEAST_KEY_BYTES = 8;

/** Functions that remove the files of open sockets, at the end of the program. */
const files = new Set<() => void>();

function removeAll(): void {
  for (const remove of files) remove();
}

/** The place where a server listens. */
export interface Place {
  readonly address: Address;
  readonly isUnix: boolean;
  /**
   * Removes the socket's file, if it has one; may be repeated. Called before the socket is closed, because then other programs may
   * replace the file.
   */
  readonly remove: () => void;
}

/**
 * Makes the server listen at once, so that its address is known and errors are thrown. Without an address it listens at a unix socket in
 * a new folder that only this user can enter. Refuses an address that other machines can reach, unless the key has enough bytes; 0 means
 * no key.
 */
export function listenOn(server: Server, address: Address | undefined, backlog: number, keyBytes: number): Place {
  if (address === undefined) {
    const pipe = sockets().newPipe?.();
    if (pipe !== undefined) return listenOnPath(server, pipe, backlog);
    const folder = mkdtempSync(join(tmpdir(), 'multiproc-'));
    return listenOnPath(server, join(folder, 'listener'), backlog, folder);
  }
  const { path, host, port } = parseAddress(address);
  if (path !== undefined) return listenOnPath(server, path, backlog);
  sockets().listenTcp(server, host, port, backlog);
  const bound = server.address() as AddressInfo;
  if (keyBytes < LEAST_KEY_BYTES && !isLoopback(bound.address)) {
    server.close();
    throw new RangeError(
      `A Listener ${keyBytes === 0 ? 'without an authKey' : `whose authKey has fewer than ${LEAST_KEY_BYTES} bytes`} serves programs of this machine only, and ${showAddress(address)} is open to others: give it and connect an authKey such as randomBytes(32) of node:crypto, or listen at 127.0.0.1.`,
    );
  }
  return { address: withPort(address, bound.port), isUnix: false, remove: () => {} };
}

function listenOnPath(server: Server, path: string, backlog: number, folder?: string): Place {
  let removeRest: () => void;
  try {
    removeRest = sockets().listenUnix(server, path, backlog);
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    (error as Error).message +=
      ': another program has this socket, or begins to listen there just now, or the file is no socket. What a killed one left behind is replaced.';
    throw error;
  }
  if (sockets().newPipe !== undefined) return { address: path, isUnix: true, remove: () => {} };
  const own = fileAt(path);
  const remove = () => {
    files.delete(remove);
    removeRest();
    if (folder !== undefined) rmSync(dirname(path), { recursive: true, force: true });
    // Not if the file was removed and another listener has made its own there.
    else if (fileAt(path) === own) rmSync(path, { force: true });
  };
  process.off('exit', removeAll).once('exit', removeAll);
  files.add(remove);
  return { address: path, isUnix: true, remove };
}

/** Identifies the file at a path; '' if there is none. */
function fileAt(path: string): string {
  const file = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return file === undefined ? '' : `${file.dev} ${file.ino}`;
}
