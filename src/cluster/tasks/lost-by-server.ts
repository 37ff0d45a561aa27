import { ClusterError } from '../../contracts/errors.ts';

/** True for the error of something that the server has lost. */
export function isLostByServer(error: Error): boolean {
  return error instanceof ClusterError && error.code === 'ERR_DATA_LOST';
}

/** Returns the error of a task that the server has lost and that may not run again. */
export function lostByServer(): ClusterError {
  return new ClusterError(
    'The Redis server has lost a task that may not run again: the server was restarted without its data, or the program, or its gateway process alone, was stopped or out of reach for longer than the lease. The task may have run. If it may run twice, give it retries; a longer lease outlives longer pauses.',
    'ERR_DATA_LOST',
  );
}
