import { AuthenticationError, ClusterError, TimeoutError, WorkerLostError } from '../../contracts/errors.ts';
import { runGroup, runSealed } from './run-sealed.ts';

/** The reasons of tasks that were stopped from outside: cancelled by their program, or lost with their claim. No result is sent. */
export const CANCELLED = new Error('cancelled');
export const LOST = new Error('lost');
/** The reason of a task that had not ended when the grace of its host was over. */
export const DRAINED = new Error('drained');

/** The names by which local workers know every task. */
const OURS = [`${runSealed.name}()`, `${runGroup.name}()`];

/** True for an error of one task. Every other error comes from the initializer, so that no task can run. */
export function isOfTask(error: unknown): boolean {
  return [TimeoutError, WorkerLostError, ClusterError, AuthenticationError].some((Class) => error instanceof Class);
}

/** Returns the error of a task whose host is lost. */
export function lostWith(host: string, why: string): WorkerLostError {
  return new WorkerLostError(`The host ${host} that ran the task is lost: ${why}.`, undefined, undefined, undefined, {
    host,
  });
}

/** Returns the error with the name of the user's function in place of ours, and with the host. */
export function inWordsOf(error: unknown, name: string, host: string): unknown {
  if (!(error instanceof Error)) return error;
  for (const ours of OURS) {
    if (error.message.includes(ours)) error.message = error.message.replace(ours, () => name);
  }
  return error instanceof WorkerLostError ? Object.assign(error, { host }) : error;
}
