import type { RetryDelay } from '../../contracts/retry-delay.ts';

/** What a program says of its pool. */
export interface PoolOrders {
  /** A letter with a `PoolHeader`. */
  readonly letter: Uint8Array;
  /** How many tasks may run at once, 0 without a bound. */
  readonly processes: number;
}

/** What a program says of a task. */
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
  /** The hash of the manifest of the files that the input needs, or nothing. */
  readonly code: string;
  /** The packed arguments or items. */
  readonly input: Uint8Array;
}

/** A task in its program's gateway, from its submission to its end. */
export interface DeskTask {
  readonly order: TaskOrder;
  readonly priority: number;
  /** How often it has started in jobs that have ended. */
  tried: number;
  /** Grows with each submission, so that its fence grows if the server has forgotten how often it was started. */
  submission: number;
  /** The job that carries it, once it is in Redis, and its index there. */
  job: DeskJob | undefined;
  index: number;
  /** True while its outcome, a blob, is on its way. */
  isArriving: boolean;
  /** Runs until it may be submitted again. */
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

/** How a task ended: its number, the packed outcome and whether the pool can run nothing; or an error that was made here. */
export type DeskOutcome =
  | readonly [id: number, outcome: Uint8Array, isBroken: boolean]
  | readonly [id: number, outcome: undefined, error: unknown];

/** What a gateway tells a program: how tasks ended, and how many slots the cluster has. */
export type DeskNews = readonly [slots: number, outcomes: readonly DeskOutcome[]];
