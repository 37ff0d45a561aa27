/** The result of a look that found nothing: the process is gone, or the look failed and nothing is known. */
export type Unseen = 'gone' | 'unknown';

/** Processes of the system as members: which of them live, how they end, and what they have started. */
export interface Processes {
  /** Returns the kernel's id of this thread. */
  threadId(): number;
  /**
   * Returns when the thread was started, in the kernel's ticks: together with pid and thread id this names a thread for ever. A thread that will
   * not run another instruction counts as gone.
   */
  startTime(pid: number, tid: number): number | Unseen;
  /** Lets other processes of this user with the same rights open the descriptors of this one, even if a capability of the program's file forbids that. */
  openToFamily(): void;
  /** Returns the identity of the namespace of process ids: ids of two processes mean the same only if this is equal. */
  processNamespace(): string;
  /** Returns true if /proc shows the namespace of this process; a namespace may have no /proc of its own. */
  seesOwnNamespace(): boolean;
  /** Asks the kernel to kill this process when the thread that started it ends. Returns false if that thread has ended already. A change of the user undoes the request. */
  dieWithParent(parentPid: number): boolean;
  /**
   * Blocks until a child of this process has ended, without reaping it. Returns its exit code, or the negative number of the signal that ended
   * it; `undefined` if the event loop has reaped it already and is about to report it. Call it only for a child that is gone by `startTime`: then
   * it takes a few milliseconds.
   */
  awaitExit(pid: number): number | undefined;
  /** Reaps a child of this process if it has ended. Returns false if it runs. */
  reap(pid: number): boolean;
  /** Makes the kernel drop a signal to this process, or act on it by default, until the program handles it. */
  setDisposition(signal: number, disposition: 'ignored' | 'default'): void;
  /** Returns what a process does with a signal; `default` also if that cannot be seen. */
  dispositionOf(pid: number, signal: number): 'ignored' | 'handled' | 'default';
  /** Gives a mark to every process that this thread starts from now on, and to their descendants. The mark is a word that no other process or thread uses. */
  markWhatIsStarted(mark: string): void;
  /**
   * Stops a process as SIGSTOP does, and ends all of its descendants except those with a session of their own. Also ends the processes that
   * have its mark. Blocks for a few milliseconds.
   */
  stopAndKillChildren(pid: number, mark: string): void;
  /** Ends the descendants of this process, or of one of its threads, that only their mark connects with it. */
  killOrphans(mark: string): void;
  /** Returns the children without a session of their own that one thread of this process has started, or all of its threads. */
  ownChildren(thread?: number): number[];
  /** Ends children of this process with their descendants; skips children that are gone. */
  killOwnChildren(children: Iterable<number>): void;
  /** Returns false if nothing keeps the event loop of this process alive: Node is about to end it. Returns true if that cannot be seen. */
  isLoopAlive(): boolean;
  /** Ends this process at once, without running handlers. */
  exitNow(code: number): never;
}
