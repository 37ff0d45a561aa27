import { clearTimeout, setTimeout } from '../builtins.ts';
import { onAbort } from '../on-abort.ts';
import { readTimeout, type WaitOptions } from '../options.ts';

/**
 * Waits for something that calls back once; true if it did, false when the time is over. `subscribe` may call back at once; what
 * it throws rejects. An abort rejects with the signal's reason.
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
