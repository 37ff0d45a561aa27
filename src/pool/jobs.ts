import type { Sink, Task, Way } from '../contracts/executor.ts';
import type { SubmitOptions } from '../contracts/task-options.ts';
import type { StoredFunction } from './function-store.ts';
import { SLOT_COUNT } from './task-slots.ts';

/** One task as its owner sees it: what to run, and the receiver of its end. */
export class Job {
  /** The tag of its slot on the board; -1 before and after it has one. */
  tag = -1;
  readonly fn: StoredFunction;
  /** Tells the task from all others of its pool. */
  readonly number: number;
  readonly how: Way;
  readonly start: number;
  readonly options: SubmitOptions;
  retries: number;
  /** The arguments or the chunk; kept only while the task may have to be sent again. */
  input: ArrayLike<unknown> | undefined;
  readonly sink: Sink;
  settled = false;

  constructor(fn: StoredFunction, number: number, { how, input, start, options, sink }: Task) {
    this.fn = fn;
    this.number = number;
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

/** The owner's jobs on the board, by the slots of their tags. An array, because a Map of tens of thousands of entries costs more than a task. */
export class JobTable {
  readonly #bySlot: (Job | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the job of a tag, `undefined` if the tag is out of date. */
  get(tag: number): Job | undefined {
    const job = this.#bySlot[tag & (SLOT_COUNT - 1)];
    return job?.tag === tag ? job : undefined;
  }

  /** Adds a job under its tag, whose slot must be free. */
  add(job: Job): void {
    const slot = job.tag & (SLOT_COUNT - 1);
    // Slots are taken in order at first: the array has no holes.
    this.#bySlot[slot] = job;
    this.#size++;
  }

  /** Takes the job of a tag out; returns false if it is not here. */
  delete(tag: number): boolean {
    if (this.get(tag) === undefined) return false;
    this.#bySlot[tag & (SLOT_COUNT - 1)] = undefined;
    this.#size--;
    return true;
  }

  /** Returns all jobs, in no particular order. */
  all(): Job[] {
    return this.#bySlot.filter((job) => job !== undefined);
  }
}
