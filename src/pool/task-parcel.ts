import { pack } from '../channel/transport.ts';
import { SerializationError } from '../contracts/errors.ts';
import { way } from '../contracts/executor.ts';
import type { Family } from '../memory/family.ts';
import type { Parcel } from '../ring/parcel.ts';
import type { Job } from './job.ts';
import { INPUT_AT, type TaskMessage } from './messages.ts';
import { withPath } from './refusal-path.ts';

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
    throw error instanceof SerializationError ? inUsersWords(error, job) : error;
  }
}

/** Returns the error of a task that could not be packed, with a path that begins at the user's own value. */
function inUsersWords(error: SerializationError, { how, start }: Job): SerializationError {
  const inner = `task[${INPUT_AT}]`;
  if (!error.path.startsWith(inner)) return error;
  let rest = error.path.slice(inner.length);
  if (how !== way.CALL) rest = rest.replace(/^\[(\d+)\]/, (_, index: string) => `[${Number(index) + start}]`);
  return withPath(error, `${how === way.CALL ? 'args' : 'items'}${rest}`);
}
