/** What a look says that found nothing: what was looked for is gone, or the look itself failed, and nothing is known. */
export type Unseen = 'gone' | 'unknown';

/** Processes of the system as members: who lives, how they end, and what they have started. */
export interface Processes {
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
  /** Whether the list of processes that this one sees is in the same terms as its own id; a namespace may have been given no list of its own. */
  seesOwnNamespace(): boolean;
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
  /** Has all that this thread starts from now on carry a mark, and what that starts in turn; a word that no other process or thread uses. */
  markWhatIsStarted(mark: string): void;
  /**
   * Stops a process as SIGSTOP does, and ends all that it has started, however deep, but for what has begun a session of its own; with what
   * carries its mark. Blocks for some ms.
   */
  stopAndKillChildren(pid: number, mark: string): void;
  /** Ends what this process, or a thread of it, has started and nobody knows any more as started by it, but for its mark. */
  killOrphans(mark: string): void;
  /** What one thread of this process has started that has no session of its own, or all of its threads have. */
  ownChildren(thread?: number): number[];
  /** Ends children of this process, each with all that it has started; not those that are gone. */
  killOwnChildren(children: Iterable<number>): void;
  /** Ends the process at once, with no handler run. */
  exitNow(code: number): never;
}
