import { pack } from '../channel/transport.ts';
import { SerializationError } from '../contracts/errors.ts';
import { type Outcome, outcome, type Way } from '../contracts/executor.ts';
import { type Family, family } from '../memory/family.ts';
import { discardEnvelope, type Envelope } from '../ring/envelope.ts';
import type { Job } from './jobs.ts';
import { inUsersWords } from './refusal-path.ts';

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

/** Packs a report. If a part cannot be sent, the refusal becomes the error of its task or item. */
export function packReport(message: ReportMessage): Envelope {
  try {
    return pack(family(), message, 'result', true);
  } catch (error) {
    return pack(family(), sendable(message, error), 'result');
  }
}

/** Returns the part of a message that can be sent, with `refusal` in place of the rest. */
function sendable(message: ReportMessage, refusal: unknown): ReportMessage {
  const reason = refusal instanceof SerializationError ? refusal : new SerializationError(String(refusal), '');
  if (message[0] !== report.RESULTS) return [report.ERROR, reason];
  const [, values, errors] = message;
  const kept: unknown[] = [];
  const reasons = errors.filter(([, error]) => refusalOf(error) === undefined);
  for (const [i, value] of values.entries()) {
    const refused = refusalOf(value);
    kept.push(refused === undefined ? value : undefined);
    if (refused !== undefined) reasons.push([i, refused]);
  }
  return [report.RESULTS, kept, reasons];
}

/** Returns the error if a value cannot be sent, otherwise `undefined`. */
function refusalOf(value: unknown): unknown {
  try {
    discardEnvelope(family(), pack(family(), value, 'result'));
    return undefined;
  } catch (error) {
    return error;
  }
}
