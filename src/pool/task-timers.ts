import { clearTimeout, clock } from '../engine/builtins.ts';
import { startTimer } from '../waits/timer.ts';
import type { Job } from './jobs.ts';

interface Entry {
  readonly due: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** A time for each of some tasks: the time-outs of running tasks, or the pauses before their next attempts. */
export class TaskTimers {
  readonly #entries = new Map<Job, Entry>();
  readonly #onTime: (job: Job) => void;

  /** `onTime` is called once for each task whose time has come. */
  constructor(onTime: (job: Job) => void) {
    this.#onTime = onTime;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Calls `onTime` for the task in `ms` milliseconds. */
  add(job: Job, ms: number): void {
    this.#entries.set(job, { due: clock() + ms, timer: startTimer(ms, () => this.#end(job)) });
  }

  /** Does not call `onTime` for the task any more. Returns false if it would not have been called. */
  delete(job: Job): boolean {
    const entry = this.#entries.get(job);
    if (entry === undefined) return false;
    clearTimeout(entry.timer);
    return this.#entries.delete(job);
  }

  /** Returns the tasks whose time has not come. */
  all(): Job[] {
    return [...this.#entries.keys()];
  }

  /** Returns the milliseconds until the first time comes, `Infinity` if there is none. */
  left(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#entries.values()) next = Math.min(next, due);
    return Math.max(0, next - clock());
  }

  /** Calls `onTime` for what is due: for a blocked thread, in which timers do not run. */
  callDue(): void {
    const now = clock();
    for (const [job, { due }] of this.#entries) if (due <= now) this.#end(job);
  }

  #end(job: Job): void {
    if (this.delete(job)) this.#onTime(job);
  }
}
