import type { RetryDelay } from '../../contracts/retry-delay.ts';

/** A pool as its program sends it to the gateway. */
export interface PoolOrders {
  /** A letter with a `PoolHeader`. */
  readonly letter: Uint8Array;
  /** The largest number of tasks that run at once, 0 without a bound. */
  readonly processes: number;
}

/** A task as its program sends it to the gateway. */
export interface TaskOrder {
  /** Its number in the pool. */
  readonly id: number;
  /** The SHA-256 of its function, as the program packed it, and its name, for messages. */
  readonly hash: string;
  readonly name: string;
  readonly how: number;
  /** The index of the first item of a chunk. */
  readonly start: number;
  /** Milliseconds from its start, or `NO_TIMEOUT`. */
  readonly timeout: number;
  readonly retries: number;
  readonly retryDelay: RetryDelay | undefined;
  readonly priority: number;
  /** The hash of the manifest of the files that the input needs; empty if it needs none. */
  readonly code: string;
  /** The packed arguments or items. */
  readonly input: Uint8Array;
}

/** A task in its program's gateway, from its submission to its end. */
export interface DeskTask {
  readonly order: TaskOrder;
  readonly priority: number;
  /** The number of its starts in jobs that have ended. */
  tried: number;
  /** Grows with each submission, so that the fence grows even if the server has lost the number of starts. */
  submission: number;
  /** The job of the task, once it has one, and its index in the job. */
  job: DeskJob | undefined;
  index: number;
  /** True while its outcome, a blob, is on its way. */
  isArriving: boolean;
  /** The pause before the task is submitted again. */
  timer: NodeJS.Timeout | undefined;
}

/** A job that is in Redis. */
export interface DeskJob {
  readonly id: string;
  readonly priority: number;
  readonly sealed: Uint8Array;
  /** True once it was sent to the server. */
  isSent: boolean;
  /** Its tasks that have not ended, by their index. */
  readonly tasks: Map<number, DeskTask>;
}

/** The end of a task: its number, its packed outcome, and whether the pool cannot run any task; or an error of the gateway. */
export type DeskOutcome =
  | readonly [id: number, outcome: Uint8Array, isBroken: boolean]
  | readonly [id: number, outcome: undefined, error: unknown];

/** A report of a gateway to its program: the number of slots of the cluster, and the ends of tasks. */
export type DeskNews = readonly [slots: number, outcomes: readonly DeskOutcome[]];
