import type { Server } from 'node:net';

/** What the library needs of sockets beyond `node:net`: on Linux by system calls, on other systems by the handles of Node's own sockets. */
export interface Sockets {
  /** Resolves the host, binds, and makes the server listen, all before it returns. Throws errors with Node's `code`. */
  listenTcp(server: Server, host: string, port: number, backlog: number): void;
  /**
   * Makes the server listen at the path of a unix socket, to which only its owner may connect. Replaces a file that a socket has left behind. Returns a function that removes
   * everything but the socket's file, for the time when the server is closed.
   */
  listenUnix(server: Server, path: string, backlog: number): () => void;
  /** Returns a new name for a named pipe, which replaces a unix socket on systems where nobody need remove its file. */
  readonly newPipe?: () => string;
  /** Returns a path to the same socket that is short enough for the system, until it is released. */
  reach(path: string): ShortPath;
  /** Returns the user of the process at the other end of a unix socket; `undefined` if only the socket's file decides who may connect. */
  peerUser(fd: number): number | undefined;
  /** Tells the other end that nothing more will come; its bytes can still be read. If that is not possible at once, `end()` of the socket does it. */
  endWriting(fd: number): void;
  /**
   * Waits until the descriptor can be read or written, or its other end is gone, or there is something to read in
   * `bell` (-1 for none). Returns which of these, `late` at the time-out. The result may come too early: `tries` counts how often it did.
   */
  awaitReady(
    fd: number,
    what: 'read' | 'write',
    timeout: number,
    bell: number,
    tries: number,
  ): 'ready' | 'rung' | 'late';
}

/** A path that is short enough for the system. */
export interface ShortPath {
  readonly path: string;
  /** Removes the descriptor or the link on the way. */
  release(): void;
}
