/** Pipes of the system, with which members of different processes wake each other and see deaths. */
export interface Pipes {
  /** Makes a pipe of two non-blocking, close-on-exec descriptors: `[read end, write end]`. */
  pipe(): [number, number];
  /** Returns the identity of a pipe as a signed number of 32 bits, with which a descriptor of another process is checked after it was opened. */
  inodeOf(fd: number): number;
  /** Opens an end of a pipe that another process holds as `fd`. Returns -1 if that fails, which does not mean that the process is gone. */
  openPipe(pid: number, fd: number, end: 'read' | 'write', inode: number): number;
  /** Writes one byte. Returns false if that fails, mostly because no reader is left. A full pipe counts as written: the reader finds other bytes. */
  ring(fd: number): boolean;
  /** Empties a pipe. */
  drain(fd: number): void;
  /** Waits until one of the descriptors is readable or closed at its other end. Returns the indexes of those, none on time-out; `undefined` if the system cannot wait for them now. */
  poll(fds: readonly number[], timeout: number): number[] | undefined;
  /** Closes a descriptor. Emits a process warning if the number is not open. */
  close(fd: number): void;
  /** Returns another descriptor of the same file, -1 if the system allows no more. */
  duplicate(fd: number): number;
  /** Makes the key for `closeWithThread`: one key serves all threads of a process. */
  createThreadKey(): number;
  /** Closes the descriptor when this thread ends for any reason, after its last instruction of JavaScript. One descriptor for each key and thread. */
  closeWithThread(key: number, fd: number): void;
}
