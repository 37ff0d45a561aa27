import type { Server } from 'node:net';

/** What the library needs of sockets beyond `node:net`: Linux has it of the system, other systems of what Node's own sockets are made of. */
export interface Sockets {
  /** Resolves the host, binds and has the server listen, all before it returns. Throws as Node does, with `code`. */
  listenTcp(server: Server, host: string, port: number, backlog: number): void;
  /**
   * The same for the path of a unix socket, to which its owner alone may connect; a file that a socket has left behind is replaced. Returns what removes
   * all but the socket's file, when the server is closed.
   */
  listenUnix(server: Server, path: string, backlog: number): () => void;
  /** A new name for a named pipe, which takes the place of a unix socket where those have no files that somebody must remove. */
  readonly newPipe?: () => string;
  /** A path to the same socket that the system takes, however long the given one is, until it is released. */
  reach(path: string): ShortPath;
  /** The user that runs the process at the other end of a unix socket; undefined where the socket's file has to decide who may come. */
  peerUser(fd: number): number | undefined;
  /** Tells the other end that nothing more will come; what it sends can still be read. Where that is not possible at once, `end()` of the socket does it. */
  endWriting(fd: number): void;
  /**
   * Waits until the descriptor can be read or written without waiting, or its other end is gone, or there is something to read in
   * `bell` (-1 for none); says which, `late` when the time is over. What it says may come too early: `tries` counts how often it did.
   */
  awaitReady(
    fd: number,
    what: 'read' | 'write',
    timeout: number,
    bell: number,
    tries: number,
  ): 'ready' | 'rung' | 'late';
}

/** A path that the system takes for a socket. */
export interface ShortPath {
  readonly path: string;
  /** Gives up what leads there. */
  release(): void;
}
