import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import { onAbort } from '../waits/on-abort.ts';

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
      clearTimeout(timer);
      stopListening?.();
      settle();
    };
    const timer = timeout <= 0x7fffffff ? setTimeout(() => finish(() => resolve(false)), timeout) : undefined;
    const stopListening = signal && onAbort(signal, () => finish(() => reject(signal.reason)));
    try {
      subscribe(() => finish(() => resolve(true)));
    } catch (error) {
      finish(() => reject(error));
    }
  });
}
