import type { Shelved } from './function-shelf.ts';
import type { ReportMessage, Way } from './messages.ts';

/** What a user may ask for each task. */
export interface TaskOptions {
  /** Milliseconds from the start of the task; then its worker is ended and the task rejects with `TimeoutError`. */
  readonly timeout?: number;
  /** Ends just this task: a waiting one never starts, of a running one the worker is ended. It rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** How often the task is run again after an error that it threw, or after its worker was lost; 0 if left out. */
  readonly retries?: number;
  /** Bigger goes first, equal ones in order of submission; 0 if left out. */
  readonly priority?: number;
}

/** One task as its owner sees it: what to run, and what becomes of it. */
export interface Job {
  /** Its place on the board; -1 while the owner still keeps it. */
  tag: number;
  readonly fn: Shelved;
  /** For messages: what the user calls the function. */
  readonly name: string;
  readonly how: Way;
  readonly start: number;
  readonly priority: number;
  readonly timeout: number;
  retries: number;
  /** The arguments or the chunk; kept only while the task may have to be sent again. */
  input: ArrayLike<unknown> | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Detaches from the signal. */
  release: () => void;
  /** Takes what a worker said. */
  readonly settle: (message: ReportMessage) => void;
  /** Takes an error that came about here. */
  readonly fail: (error: unknown) => void;
  settled: boolean;
}
