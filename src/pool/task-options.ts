/** What a user may ask for each task. */
export interface TaskOptions {
  /** Milliseconds from the start of the task; then its worker is ended and the task rejects with `TimeoutError`. */
  readonly timeout?: number | undefined;
  /** Ends just this task: a waiting one never starts, of a running one the worker is ended. It rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** How often the task is run again after an error that it threw, or after its worker was lost; 0 if left out. */
  readonly retries?: number | undefined;
  /** Bigger goes first, equal ones in order of submission; 0 if left out. */
  readonly priority?: number | undefined;
}

/** The options of a task with nothing left out. */
export interface SubmitOptions {
  readonly timeout: number;
  readonly retries: number;
  readonly priority: number;
  readonly signal?: AbortSignal;
}

/** What a user may ask of the calls that take many items. */
export interface MapOptions extends TaskOptions {
  /** How many items make one task; a time-out and a retry are for the whole of it. A quarter of each worker's share if left out. */
  readonly chunksize?: number | undefined;
  /** For `imap`: how many items may be unfinished or unread, 4 × workers × chunksize if left out. */
  readonly buffersize?: number | undefined;
  /** Rejects with the first error that happens, and ends the rest. */
  readonly failFast?: boolean | undefined;
  /** Called after each task with the number of items done. */
  readonly onProgress?: ((done: number, total?: number) => void) | undefined;
}

/** Who is told of the end of a task: options of `applyAsync`, `mapAsync` and `starmapAsync`. */
export interface Callbacks<R> {
  /** Called with the result, outside of the pool's own work: what it throws becomes a process warning. */
  readonly callback?: ((result: R) => unknown) | undefined;
  /** Called with the error instead, likewise outside of the pool's own work. */
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}
