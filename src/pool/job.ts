import type { SubmitOptions } from '../contracts/task-options.ts';
import type { Shelved } from './function-shelf.ts';
import type { ReportMessage, Way } from './messages.ts';

/** Receives the end of a task. Neither method may throw; exactly one is called, once. */
export interface Sink {
  /** Receives the report of a worker: a result, an error, or results. */
  settle(message: ReportMessage): void;
  /** Receives an error that occurred in the owner. */
  fail(error: unknown): void;
}

/** One task as its owner sees it: what to run, and the receiver of its end. */
export class Job {
  /** The tag of its slot on the board; -1 before and after it has one. */
  tag = -1;
  readonly fn: Shelved;
  readonly how: Way;
  readonly start: number;
  readonly options: SubmitOptions;
  retries: number;
  /** The arguments or the chunk; kept only while the task may have to be sent again. */
  input: ArrayLike<unknown> | undefined;
  readonly sink: Sink;
  /** The deadline by performance.now(), once the task has started. */
  deadline = Number.POSITIVE_INFINITY;
  timer: NodeJS.Timeout | undefined = undefined;
  settled = false;

  constructor(fn: Shelved, how: Way, input: ArrayLike<unknown>, start: number, options: SubmitOptions, sink: Sink) {
    this.fn = fn;
    this.how = how;
    this.input = input;
    this.start = start;
    this.options = options;
    this.retries = options.retries;
    this.sink = sink;
  }

  /** The name of the function, for messages. */
  get name(): string {
    return this.fn.name === '' ? 'a function without a name' : `${this.fn.name}()`;
  }
}
