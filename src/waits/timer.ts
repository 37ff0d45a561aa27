import { setInterval, setTimeout } from '../engine/builtins.ts';

/** The longest time for a timer of Node, in milliseconds. Node treats a longer one as 1 ms. */
export const LONGEST_TIMER = 0x7fffffff;

/** Calls `then` after `ms` milliseconds. Starts no timer for a time that is longer than a timer can run. */
export function startTimer(ms: number, then: () => void): NodeJS.Timeout | undefined {
  return ms <= LONGEST_TIMER ? setTimeout(then, Math.max(ms, 0)) : undefined;
}

/** Keeps the program alive until the returned interval is cleared. */
export function keepAlive(): NodeJS.Timeout {
  return setInterval(() => {}, LONGEST_TIMER);
}
