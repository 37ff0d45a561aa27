import { pack } from '../channel/transport.ts';
import type { Family } from '../memory/family.ts';
import type { Parcel } from '../ring/parcel.ts';
import type { Job } from './job.ts';
import { INPUT_AT, type TaskMessage } from './messages.ts';
import { inUsersWords } from './refusal-path.ts';

/** Packs a task. Throws a `SerializationError` whose path begins at the user's own value. */
export function packTask(family: Family, job: Job): Parcel {
  const { fn } = job;
  const announced = job.options.timeout !== Number.POSITIVE_INFINITY;
  const message: TaskMessage =
    fn.modules.length === 0
      ? [fn.id, fn.granule, job.how, announced, job.input!, job.start]
      : [fn.id, fn.granule, job.how, announced, job.input!, job.start, fn.modules];
  try {
    return pack(family, message, 'task', true);
  } catch (error) {
    throw inUsersWords(error, `task[${INPUT_AT}]`, job);
  }
}
