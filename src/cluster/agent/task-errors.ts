import { AuthenticationError, ClusterError, TimeoutError, WorkerLostError } from '../../contracts/errors.ts';
import { runGroup, runSealed } from './run-sealed.ts';

/** Why a task was stopped from outside: there is no result to send. */
export const CANCELLED = new Error('cancelled');
export const LOST = new Error('lost');
/** The host stops before the task has ended. */
export const DRAINED = new Error('drained');

/** What local workers call every task. */
const OURS = [`${runSealed.name}()`, `${runGroup.name}()`];

/** True for an error of one task. Any other was thrown by the initializer, and no task can run. */
export function isOfTask(error: unknown): boolean {
  return [TimeoutError, WorkerLostError, ClusterError, AuthenticationError].some((Class) => error instanceof Class);
}

/** The error of a task whose host is lost. */
export function lostWith(host: string, why: string): WorkerLostError {
  return new WorkerLostError(`The host ${host} that ran the task is lost: ${why}.`, undefined, undefined, undefined, {
    host,
  });
}

/** The error with the name of the user's function in place of ours, and the host. */
export function inWordsOf(error: unknown, name: string, host: string): unknown {
  if (!(error instanceof Error)) return error;
  for (const ours of OURS) {
    if (error.message.includes(ours)) error.message = error.message.replace(ours, () => name);
  }
  return error instanceof WorkerLostError ? Object.assign(error, { host }) : error;
}
