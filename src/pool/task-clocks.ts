import { TimeoutError } from '../contracts/errors.ts';
import { clearTimeout, clock } from '../engine/builtins.ts';
import { startTimer } from '../waits/timer.ts';
import type { Job } from './jobs.ts';

/** The time-outs of the running tasks. */
export class TaskClocks {
  readonly #running = new Set<Job>();
  readonly #end: (job: Job, error: TimeoutError) => void;

  constructor(end: (job: Job, error: TimeoutError) => void) {
    this.#end = end;
  }

  /** The job has started, if there is one. */
  start(job: Job | undefined): void {
    if (job === undefined || job.settled) return;
    const { timeout } = job.options;
    job.deadline = clock() + timeout;
    this.#running.add(job);
    job.timer = startTimer(timeout, () => this.#expire(job));
  }

  stop(job: Job): void {
    if (job.deadline === Number.POSITIVE_INFINITY) return;
    job.deadline = Number.POSITIVE_INFINITY;
    clearTimeout(job.timer);
    this.#running.delete(job);
  }

  /** Milliseconds until the first time-out. */
  left(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#running) next = Math.min(next, deadline);
    return Math.max(0, next - clock());
  }

  /** Ends the tasks that are over time, for a blocked thread, in which timers do not run. */
  expireDue(): void {
    const now = clock();
    for (const job of this.#running) if (job.deadline <= now) this.#expire(job);
  }

  #expire(job: Job): void {
    this.#end(
      job,
      new TimeoutError(`The task ${job.name} took longer than its ${job.options.timeout} ms; its worker was ended.`),
    );
  }
}
