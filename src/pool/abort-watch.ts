import type { Job } from './job.ts';

/** Ends jobs when their signal is aborted: one listener for each signal, however many tasks it is for. */
export class AbortWatch {
  readonly #watched = new Map<AbortSignal, { readonly jobs: Set<Job>; readonly listener: () => void }>();
  readonly #end: (job: Job, reason: unknown) => void;

  constructor(end: (job: Job, reason: unknown) => void) {
    this.#end = end;
  }

  add(job: Job): void {
    const { signal } = job.options;
    if (signal === undefined) return;
    let watch = this.#watched.get(signal);
    if (watch === undefined) {
      const jobs = new Set<Job>();
      const listener = () => {
        this.#watched.delete(signal);
        for (const job of jobs) this.#end(job, signal.reason);
      };
      signal.addEventListener('abort', listener, { once: true });
      watch = { jobs, listener };
      this.#watched.set(signal, watch);
    }
    watch.jobs.add(job);
  }

  delete(job: Job): void {
    const { signal } = job.options;
    const watch = signal && this.#watched.get(signal);
    if (!watch?.jobs.delete(job) || watch.jobs.size > 0) return;
    this.#watched.delete(signal!);
    signal!.removeEventListener('abort', watch.listener);
  }
}
