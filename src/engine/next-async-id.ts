import { AsyncResource } from 'node:async_hooks';

/** Returns an id that is higher than that of all asynchronous work begun so far in this thread. */
export function nextAsyncId(): number {
  return new AsyncResource('multiproc.task', { requireManualDestroy: true }).asyncId();
}
