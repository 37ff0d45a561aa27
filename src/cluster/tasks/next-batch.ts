import type { Backlog } from './backlog.ts';
import type { DeskTask } from './desk-task.ts';
import { MOST_IN_JOB } from './task-keys.ts';

/** Bytes of the inputs of a batch. */
const LARGEST_BATCH = 64 * 1024;
/** Milliseconds that a batch should run at most. */
const BATCH_TIME = 20;
/** Milliseconds that a batch should run at least, if enough tasks wait: a shorter job costs more than it runs. */
const WORTH_A_JOB = 2;

/** Takes the tasks of the next job from a backlog that is not empty: one task, or a batch of similar tasks if tasks are known to run for `ms` milliseconds. */
export function nextBatch(backlog: Backlog<DeskTask>, slots: number, ms: number | undefined): DeskTask[] {
  const first = backlog.shift()!;
  const batch = [first];
  if (ms === undefined) return batch;
  const left = first.order.retries - first.tried;
  const fair = Math.ceil(backlog.size / (4 * Math.max(1, slots)));
  const most = Math.min(MOST_IN_JOB, BATCH_TIME / ms, Math.max(fair, WORTH_A_JOB / ms));
  let bytes = first.order.input.length;
  for (let next = backlog.peek(); next !== undefined && batch.length < most; next = backlog.peek()) {
    bytes += next.order.input.length;
    const isAlike = next.order.retries - next.tried === left && next.priority === first.priority;
    if (!isAlike || bytes > LARGEST_BATCH) break;
    batch.push(backlog.shift()!);
  }
  return batch;
}
