import { clearTimeout } from '../engine/builtins.ts';
import { onAbort } from './on-abort.ts';
import { startTimer } from './timer.ts';

/**
 * Watches the two ways in which a wait ends early: calls `onTime` after `timeout` milliseconds, or `onAborted` with the reason of `signal`.
 * Returns a function that stops both. A time-out that is longer than a timer can run counts as none.
 */
export function expireOn(
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal | undefined },
  onTime: () => void,
  onAborted: (reason: unknown) => void,
): () => void {
  const timer = startTimer(timeout, onTime);
  const stopListening = signal && onAbort(signal, () => onAborted(signal.reason));
  return () => {
    clearTimeout(timer);
    stopListening?.();
  };
}
