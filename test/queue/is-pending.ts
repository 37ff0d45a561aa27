import { setImmediate } from 'node:timers/promises';

/** Whether the promise is still unsettled after a turn of the event loop: nothing in the process is about to settle it. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (
    (await Promise.race([
      promise.then(
        () => undefined,
        () => undefined,
      ),
      setImmediate(pending),
    ])) === pending
  );
}
