import type { Reply } from '../redis.ts';

/** How far ahead of their run tasks are marked as started: milliseconds, and the largest number of tasks. A task that is marked and has not run is lost with the host. */
const AHEAD_MS = 2;
const MOST_AHEAD = 128;

/** A start of a task that the server has noted. */
export interface Start {
  /** The number of starts of the task by this job, this start included, without starts that hosts gave back. */
  readonly attempt: number;
  /** The number of starts of the task, with starts that hosts gave back: no two starts have the same number. */
  readonly count: number;
}

/** What the server replied about the start of a task: the start, `d` if the task has ended, or `l` and the host that had its last start. */
export type StartState = Start | string;

/** A job that runs here, and the claim by which the server knows it. */
export class Claim {
  readonly token: string;
  readonly job: string;
  readonly count: number;
  readonly limit: number;
  /** When the job was asked for. */
  readonly began: number;
  /** When the server was last told that the job is being worked on. */
  renewed: number;
  /** True once another host may have the job. */
  isLost = false;
  /** The number of tasks whose start was asked for. */
  marked = 0;
  /** Tasks whose start the server has noted, and that do not run yet. */
  readonly ready: (readonly [index: number, verdict: StartState])[] = [];
  /** The number of tasks that have come to an end here. */
  ended = 0;

  constructor(token: string, job: string, counts: { count: number; limit: number }, renewed: number) {
    this.token = token;
    this.job = job;
    this.count = counts.count;
    this.limit = counts.limit;
    this.began = renewed;
    this.renewed = renewed;
  }

  /** Notes the server's reply about the start of some tasks. */
  note(reply: Reply): void {
    for (const state of statesIn(reply)) this.ready.push([this.marked++, state]);
  }
}

/** Returns what a reply says about tasks, one behind the other: each verdict is followed by the number of tasks that have it. */
export function statesIn([, , , , ...verdicts]: Reply): StartState[] {
  const states: StartState[] = [];
  for (let i = 0; i < verdicts.length; i += 2) {
    const verdict = String(verdicts[i]);
    const [, attempt, count] = /^s(\d+) (\d+)$/.exec(verdict) ?? [];
    const state = attempt === undefined ? verdict : { attempt: Number(attempt), count: Number(count) };
    for (let left = Number(verdicts[i + 1]); left > 0; left--) states.push(state);
  }
  return states;
}

/** Returns how many tasks of `ms` milliseconds are marked ahead. */
export function tasksAhead(ms: number): number {
  return ms === 0 ? 1 : Math.max(1, Math.min(MOST_AHEAD, Math.round(AHEAD_MS / ms)));
}

/** Returns how many starts of a job of `count` tasks one step notes: all of them if they may be ahead at once, else half of those that may, so that some run meanwhile. */
export function togetherOf(count: number, ahead: number): number {
  return count <= ahead ? ahead : Math.max(1, ahead >> 1);
}
