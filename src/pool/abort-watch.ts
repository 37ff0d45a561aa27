import { onAbort } from '../waits/on-abort.ts';
import type { Job } from './jobs.ts';

/** Ends the jobs of a signal when it is aborted. */
export class AbortWatch {
  readonly #stops = new Map<Job, () => void>();
  readonly #end: (job: Job, reason: unknown) => void;

  constructor(end: (job: Job, reason: unknown) => void) {
    this.#end = end;
  }

  add(job: Job): void {
    const { signal } = job.options;
    if (signal !== undefined)
      this.#stops.set(
        job,
        onAbort(signal, () => this.#end(job, signal.reason)),
      );
  }

  delete(job: Job): void {
    this.#stops.get(job)?.();
    this.#stops.delete(job);
  }
}
