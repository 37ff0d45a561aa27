/** Pipes of the system, by which members that may be of several processes wake one another and see deaths. */
export interface Pipes {
  /** A pipe of two non-blocking, close-on-exec descriptors: `[read end, write end]`. */
  pipe(): [number, number];
  /** The identity of a pipe in 32 bits with a sign, so that a descriptor number of another process can be checked after it was opened. */
  inodeOf(fd: number): number;
  /** Opens an end of a pipe that another process holds as `fd`; -1 where that cannot be done, which says nothing of the process. */
  openPipe(pid: number, fd: number, end: 'read' | 'write', inode: number): number;
  /** Writes one byte; false if it could not, mostly because nobody is left to read it. A full pipe counts as written: the reader has something to find. */
  ring(fd: number): boolean;
  /** Reads away what stands in a pipe. */
  drain(fd: number): void;
  /** Waits until one of the descriptors is readable or closed at its other end; answers the indexes of those, none on time-out. `undefined`: it cannot wait for them now. */
  poll(fds: readonly number[], timeout: number): number[] | undefined;
  /** Closes a descriptor; a process warning says so where it is none. */
  close(fd: number): void;
  /** Another descriptor of the same file; -1 where the system allows no more. */
  duplicate(fd: number): number;
  /** Makes what `closeWithThread` goes by: one key serves all threads of a process. */
  createThreadKey(): number;
  /** Has the descriptor closed when this thread ends, however it does: after its last instruction of JavaScript. One for each key and thread. */
  closeWithThread(key: number, fd: number): void;
}
