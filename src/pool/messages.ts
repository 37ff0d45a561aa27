import { pack } from '../channel/transport.ts';
import { type Outcome, outcome, type Way } from '../contracts/executor.ts';
import { type Family, family } from '../memory/family.ts';
import { discardEnvelope, type Envelope } from '../ring/envelope.ts';
import type { Job } from './jobs.ts';
import { inUsersWords } from './refusal-path.ts';
import { refusalFor, sendableOutcome } from './sendable-outcome.ts';

/** The messages between owner and workers, and how they are packed. Each is sent as one envelope whose tag names the task. */

/**
 * A task: the number and the granule of its function, the way, whether the owner wants a report of its start, then the arguments (CALL)
 * or the chunk, the index at which the chunk starts, the task's number in its pool, how often it was started with this time, and the modules to
 * import before the function is decoded, if any.
 */
export type TaskMessage = readonly [
  fn: number,
  granule: number,
  way: Way,
  announced: boolean,
  input: ArrayLike<unknown>,
  start: number,
  number: number,
  attempt: number,
  modules?: readonly string[],
];

/** The indices of the number and the attempt in a `TaskMessage`. */
export const NUMBER_AT = 6;
export const ATTEMPT_AT = 7;
/** The index of the modules in a `TaskMessage`. */
export const MODULES_AT = 8;
/** The index of the user's own values in a `TaskMessage`. */
const INPUT_AT = 4;

/** The kinds of reports. */
export const report = {
  /** The task has started. */
  STARTED: 0,
  ...outcome,
  /** The initializer threw, and the worker ends. The tag has no meaning. */
  BROKEN: 4,
  /** The worker takes no more tasks and ends in order when it has none in hand. The tag has no meaning. */
  LEAVING: 5,
  /** An uncaught error ends the worker now. The tag has no meaning. */
  UNCAUGHT: 6,
} as const;

export type ReportMessage =
  | Outcome
  | readonly [kind: typeof report.STARTED]
  | readonly [kind: typeof report.BROKEN | typeof report.UNCAUGHT, error: unknown, member: number]
  | readonly [kind: typeof report.LEAVING, member: number];

/** Packs a task. Throws a `SerializationError` whose path begins at the user's own value. */
export function packTask(family: Family, job: Job): Envelope {
  const { fn } = job;
  const announced = job.options.timeout !== Number.POSITIVE_INFINITY;
  const { how, input, start, number } = job;
  const attempt = job.options.retries - job.retries + 1;
  const message: TaskMessage =
    fn.modules.length === 0
      ? [fn.id, fn.granule, how, announced, input!, start, number, attempt]
      : [fn.id, fn.granule, how, announced, input!, start, number, attempt, fn.modules];
  try {
    return pack(family, message, 'task', true);
  } catch (error) {
    throw inUsersWords(error, `task[${INPUT_AT}]`, job);
  }
}

/** Packs a report. If a part cannot be sent, the refusal becomes the error of its task or item, or of the worker. */
export function packReport(message: ReportMessage): Envelope {
  try {
    return pack(family(), message, 'result', true);
  } catch (error) {
    return pack(family(), sendable(message, error), 'result');
  }
}

function sendable(message: ReportMessage, error: unknown): ReportMessage {
  switch (message[0]) {
    case report.BROKEN:
    case report.UNCAUGHT:
      return [message[0], refusalFor(error, 'error'), message[2]];
    case report.RESULT:
    case report.ERROR:
    case report.RESULTS:
      return sendableOutcome(message, error, (value) => discardEnvelope(family(), pack(family(), value, 'result')));
    default:
      return message;
  }
}
