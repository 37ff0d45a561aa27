import { clearTimeout, setInterval, setTimeout } from '../engine/builtins.ts';

/** The longest time for a timer of Node, in milliseconds. Node treats a longer one as 1 ms. */
export const LONGEST_TIMER = 0x7fffffff;

/** Calls `then` after `ms` milliseconds. Starts no timer for a time that is longer than a timer can run. */
export function startTimer(ms: number, then: () => void): NodeJS.Timeout | undefined {
  return ms <= LONGEST_TIMER ? setTimeout(then, Math.max(ms, 0)) : undefined;
}

/** Resolves after `ms` milliseconds. */
export async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => void setTimeout(resolve, ms));
}

/** Resolves to what `work` resolves to, or to `undefined` if `work` takes longer than `ms` milliseconds. */
export async function within<T>(ms: number, work: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = startTimer(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps the program alive until the returned interval is cleared. */
export function keepAlive(): NodeJS.Timeout {
  return setInterval(() => {}, LONGEST_TIMER);
}
