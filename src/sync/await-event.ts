import { readTimeout, type WaitOptions } from '../options.ts';

/**
 * Waits for something that calls back once; true if it did, false when the time is over. `subscribe` may call back at once. An
 * abort rejects with the signal's reason.
 */
export function awaitEvent(subscribe: (done: () => void) => void, options: WaitOptions | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timeout = readTimeout(options);
    const signal = options?.signal;
    signal?.throwIfAborted();
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => finish(() => reject(signal?.reason));
    const timer = timeout <= 0x7fffffff ? setTimeout(() => finish(() => resolve(false)), timeout) : undefined;
    signal?.addEventListener('abort', onAbort, { once: true });
    subscribe(() => finish(() => resolve(true)));
  });
}
