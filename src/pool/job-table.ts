import type { Job } from './job.ts';
import { SLOT_COUNT } from './task-slots.ts';

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
