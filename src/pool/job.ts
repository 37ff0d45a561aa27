import type { SubmitOptions } from '../contracts/task-options.ts';
import type { Shelved } from './function-shelf.ts';
import type { ReportMessage, Way } from './messages.ts';

/** Where the end of a task goes; neither may throw, and one of them is called once. */
export interface Sink {
  /** Takes what a worker said: a result, an error, or results. */
  settle(message: ReportMessage): void;
  /** Takes an error that came about here. */
  fail(error: unknown): void;
}

/** One task as its owner sees it: what to run, and what becomes of it. */
export class Job {
  /** Its place on the board; -1 before it has one, and after. */
  tag = -1;
  readonly fn: Shelved;
  readonly how: Way;
  readonly start: number;
  readonly options: SubmitOptions;
  retries: number;
  /** The arguments or the chunk; kept only while the task may have to be sent again. */
  input: ArrayLike<unknown> | undefined;
  readonly sink: Sink;
  /** As of performance.now(), once it has started. */
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

  /** For messages: what the user calls the function. */
  get name(): string {
    return this.fn.name === '' ? 'a function without a name' : `${this.fn.name}()`;
  }
}
