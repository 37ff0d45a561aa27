import type { Sink, Task, Way } from '../contracts/executor.ts';
import type { SubmitOptions } from '../contracts/task-options.ts';
import type { Shelved } from './function-shelf.ts';

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

  constructor(fn: Shelved, { how, input, start, options, sink }: Task) {
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
