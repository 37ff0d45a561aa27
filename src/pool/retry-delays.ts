import { clearTimeout, clock } from '../engine/builtins.ts';
import { startTimer } from '../waits/timer.ts';
import type { Job } from './jobs.ts';

interface Delay {
  readonly due: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Tasks that have failed and wait for their next attempt. */
export class RetryDelays {
  readonly #delays = new Map<Job, Delay>();
  readonly #resume: (job: Job) => void;

  constructor(resume: (job: Job) => void) {
    this.#resume = resume;
  }

  get size(): number {
    return this.#delays.size;
  }

  add(job: Job, ms: number): void {
    this.#delays.set(job, { due: clock() + ms, timer: startTimer(ms, () => this.#end(job)) });
  }

  /** The task does not wait any more; returns false if it did not wait. */
  delete(job: Job): boolean {
    const delay = this.#delays.get(job);
    if (delay === undefined) return false;
    clearTimeout(delay.timer);
    return this.#delays.delete(job);
  }

  all(): Job[] {
    return [...this.#delays.keys()];
  }

  /** Milliseconds until the first attempt is due. */
  left(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#delays.values()) next = Math.min(next, due);
    return Math.max(0, next - clock());
  }

  /** Resumes what is due, for a blocked thread, in which timers do not run. */
  resumeDue(): void {
    const now = clock();
    for (const [job, { due }] of this.#delays) if (due <= now) this.#end(job);
  }

  #end(job: Job): void {
    if (this.delete(job)) this.#resume(job);
  }
}
