/** What the library needs of the operating system's sockets beyond `node:net`; `linux-sockets.ts` is the one implementation. */
export interface Sockets {
  /** Resolves the host, binds and listens, all before it returns; answers the descriptor. Throws as Node does, with `code`. */
  listenTcp(host: string, port: number, backlog: number): number;
  /** The same for a socket file, which its owner alone may connect to; a file that a socket has left behind is replaced. */
  listenUnix(path: string, backlog: number): number;
  /** The user that runs the process at the other end of a unix socket. */
  peerUser(fd: number): number;
  /** Tells the other end that nothing more will come; what it sends can still be read. */
  endWriting(fd: number): void;
  /**
   * Waits until the descriptor can be read or written without waiting, or its other end is gone, or there is something to read in
   * `bell` (-1 for none); says which, `late` when the time is over.
   */
  awaitReady(fd: number, what: 'read' | 'write', timeout: number, bell: number): 'ready' | 'rung' | 'late';
}
