/** The options of a task. */
export interface TaskOptions {
  /** The longest time that the task may run, in milliseconds from its start. After that the pool ends the task's worker, and the task rejects with `TimeoutError`. */
  readonly timeout?: number | undefined;
  /** Ends the task when the signal is aborted: a waiting task never starts, the worker of a running task is ended. The task rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** How many times the task is run again after it has thrown or lost its worker; 0 by default. */
  readonly retries?: number | undefined;
  /** Tasks with a bigger number start first, tasks with equal numbers in order of submission; 0 by default. */
  readonly priority?: number | undefined;
}

/** The options of a task, with all defaults filled in. */
export interface SubmitOptions {
  readonly timeout: number;
  readonly retries: number;
  readonly priority: number;
  readonly signal?: AbortSignal;
}

/** The options of calls that take many items. */
export interface MapOptions extends TaskOptions {
  /** The number of items in one task (a chunk). Time-outs and retries apply to a whole chunk. The default is four chunks per worker. */
  readonly chunksize?: number | undefined;
  /** For `imap` and `imapUnordered`: the largest number of items that are unfinished or unread, 4 × workers × chunksize by default. */
  readonly buffersize?: number | undefined;
  /** Rejects at the first error and ends the other tasks. */
  readonly failFast?: boolean | undefined;
  /** Called after each task with the number of items done. */
  readonly onProgress?: ((done: number, total?: number) => void) | undefined;
}

/** The callbacks of `applyAsync`, `mapAsync` and `starmapAsync`. */
export interface Callbacks<R> {
  /** Called with the result. An error that the callback throws becomes a process warning. */
  readonly callback?: ((result: R) => unknown) | undefined;
  /** Called with the error of a failed task. An error that the callback throws becomes a process warning. */
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}
