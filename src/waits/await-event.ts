import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { expireOn } from './expiry.ts';

/**
 * Waits for a callback: resolves to true when `subscribe` calls back, to false after the time-out. `subscribe` may call back at once; if
 * it throws, the wait rejects. An abort rejects with the signal's reason.
 */
export function awaitEvent(subscribe: (done: () => void) => void, options: WaitOptions | undefined): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timeout = readTimeout(options);
    const signal = options?.signal;
    signal?.throwIfAborted();
    const finish = (settle: () => void) => {
      stop();
      settle();
    };
    const stop = expireOn(
      { timeout, signal },
      () => finish(() => resolve(false)),
      (reason) => finish(() => reject(reason)),
    );
    try {
      subscribe(() => finish(() => resolve(true)));
    } catch (error) {
      finish(() => reject(error));
    }
  });
}
