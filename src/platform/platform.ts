/** What a look says that found nothing: what was looked for is gone, or the look itself failed, and nothing is known. */
export type Unseen = 'gone' | 'unknown';

/**
 * What the library needs of an operating system; `linux.ts` is the one implementation, `choose.ts` picks it. What wakes, looks and
 * closes does not throw: see memory/README.md, "Failure without death".
 */
export interface Platform {
  /** Makes an anonymous sparse file of `bytes` and answers its descriptor; the kernel frees it with its last user. */
  createSparseFile(bytes: number): number;
  /** Maps `length` bytes of the file at `offset` shared and writable; answers the address. */
  map(fd: number, offset: number, length: number): bigint;
  /** The `length` bytes at `address` as an ArrayBuffer: a window on the memory itself, not a copy. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Copies all of `bytes` to `address`. */
  copyIn(address: bigint, bytes: Uint8Array): void;
  /** Copies `bytes.length` bytes from `address` into `bytes`. */
  copyOut(address: bigint, bytes: Uint8Array): void;
  /** Whether the bytes at `address` are these. */
  isAt(address: bigint, bytes: Uint8Array): boolean;
  /** Has this process keep up to 64 MiB of memory that it has freed, for the next large array: to get it anew costs more than to fill it. */
  keepFreedMemory(): void;
  /** Gives the memory behind these bytes of the file back; they read as zero afterwards. False where the system cannot: they are as they were. */
  punchHole(fd: number, offset: number, length: number): boolean;
  /** Puts private, empty memory where a mapping was: its file is let go of, and whoever still looks there reads zeros. */
  blank(address: bigint, length: number): void;
  /** Takes a mapping away: nobody may look there any more. */
  unmap(address: bigint, length: number): void;

  /** The folder whose files are the named segments of shared memory, which other programs open by name. */
  readonly segmentFolder: string;
  /** Makes sure that there is memory behind the first `length` bytes of a file; false where there is not enough. */
  reserve(fd: number, length: number): boolean;
  /** Takes a lock of the open file, false if others' locks forbid it. It ends with the last descriptor and mapping, at the latest when the process dies. */
  tryLock(fd: number, way: 'shared' | 'exclusive'): boolean;
  /** Gives the lock up while the file stays open or mapped. */
  unlock(fd: number): void;

  /** Sleeps while the 32-bit word at `address` holds `expected`, `timeout` milliseconds at most; may return for no reason. */
  futexWait(address: bigint, expected: number, timeout: number): void;
  /** Wakes up to `count` sleepers of any process at `address`; answers how many it woke. */
  futexWake(address: bigint, count: number): number;

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

  /** Lets another thread run that waits for this CPU, if there is one. */
  yieldCpu(): void;
  /** The kernel's id of this thread. */
  threadId(): number;
  /**
   * When the thread was started, in the kernel's ticks: with pid and thread id it names a thread for ever. Gone is also one that will
   * not run another instruction.
   */
  startTime(pid: number, tid: number): number | Unseen;
  /** Lets other processes of this user and with these rights open what this one has open, where a right of the program's file forbids that. */
  openToFamily(): void;
  /** In whose terms process ids are to be understood: those of two processes mean the same only where this is the same. */
  processNamespace(): string;
  /** Asks the kernel to kill this process when the thread that started it ends; false if that has happened already. A change of user undoes it. */
  dieWithParent(parentPid: number): boolean;
  /**
   * Blocks until a child of this process has ended, without reaping it: its exit code, or the negative of the signal that ended
   * it; `undefined` if the event loop has reaped it already and is about to tell. Only for one that `startTime` says is gone: then
   * this is a matter of some ms.
   */
  awaitExit(pid: number): number | undefined;
  /** Reaps a child of this process if it has ended; false if it runs. */
  reap(pid: number): boolean;
  /** Has the kernel drop a signal to this process, or act on it as it does by default, until the program handles it. */
  setDisposition(signal: number, disposition: 'ignored' | 'default'): void;
  /** What a process does with a signal; `default` also where that cannot be seen. */
  dispositionOf(pid: number, signal: number): 'ignored' | 'handled' | 'default';
  /**
   * Stops a process as SIGSTOP does, and ends all that it has started, however deep, but for what has begun a session of its own.
   * Blocks for some ms.
   */
  stopAndKillChildren(pid: number): void;
  /** What one thread of this process has started that has no session of its own, or all of its threads have. */
  ownChildren(thread?: number): number[];
  /** Ends children of this process, each with all that it has started; not those that are gone. */
  killOwnChildren(children: Iterable<number>): void;
  /** Ends the process at once, with no handler run. */
  exitNow(code: number): never;
}
