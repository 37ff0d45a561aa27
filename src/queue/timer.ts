import { LONGEST_TIMER } from '../waits/timer.ts';

/**
 * Calls `then` once, at least `ms` milliseconds from now, for any `ms`. Returns a function that cancels the call. Uses only timers and
 * reads no clock, so that it obeys fake timers in tests.
 */
export function after(ms: number, then: () => void): () => void {
  let left = Math.ceil(ms) + 1; // Node counts in whole milliseconds and may be one early
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const step = Math.min(left, LONGEST_TIMER);
    left -= step;
    timer = setTimeout(left > 0 ? arm : then, step);
  };
  arm();
  return () => clearTimeout(timer);
}
