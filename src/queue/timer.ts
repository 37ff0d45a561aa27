/** The longest that `setTimeout` can wait, in milliseconds; more than that it would take for 1. */
const longest = 2 ** 31 - 1;

/**
 * Calls `then` once, `ms` milliseconds from now and not earlier, be it in a hundred years; returns what stops it.
 * Goes by timers alone and reads no clock, so programs tested under fake timers see them obeyed.
 */
export function after(ms: number, then: () => void): () => void {
  let left = Math.ceil(ms) + 1; // Node counts in whole milliseconds and may be one early
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const step = Math.min(left, longest);
    left -= step;
    timer = setTimeout(left > 0 ? arm : then, step);
  };
  arm();
  return () => clearTimeout(timer);
}
