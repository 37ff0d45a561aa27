import { clock, setImmediate } from '../engine/builtins.ts';

/** The longest time, in ms, for which promises that resolve at once may keep the event loop from turning. */
const LONGEST = 2;
/** The largest number of such promises between two reads of the clock, each of which takes about 30 ns. */
const MOST_UNSEEN = 32;

/** When the first such promise in this turn of the event loop resolved; `undefined` before. */
let since: number | undefined;
/** How many more promises resolve before the next read of the clock, and how many did between the last two. */
let unseen = 0;
let step = 1;

/**
 * True if promises that resolve at once have kept the event loop from turning for long: a loop of `await q.get()` over a full queue never
 * leaves the microtasks by itself. The caller then settles its promise with `setImmediate`. The work between the promises counts too.
 */
function isLoopStarving(): boolean {
  if (--unseen > 0) return false;
  const now = clock();
  if (since === undefined) {
    since = now;
    unseen = step = 1;
    setImmediate(reset).unref();
    return false;
  }
  // From here on, every promise waits for a turn of the event loop, until it has turned.
  if (now - since >= LONGEST) return true;
  step = Math.min(step * 2, MOST_UNSEEN);
  unseen = step;
  return false;
}

function reset(): void {
  since = undefined;
  unseen = 0;
}

/** Settles a promise with an existing value. If the event loop has not turned for long, settles it after a turn. */
export function settleInTurn<T>(settle: (value: T) => void, value: T): void {
  if (isLoopStarving()) setImmediate(settle, value);
  else settle(value);
}

/** The resolved promises of calls that need not wait, for all of them. */
export const DONE: Promise<void> = Promise.resolve();
export const YES: Promise<boolean> = Promise.resolve(true);

/** Returns `settled`, a promise that is settled already; if the event loop has not turned for long, one that settles after a turn. */
export function soon<T>(settled: Promise<T>): Promise<T> {
  return isLoopStarving() ? afterTurn(settled) : settled;
}

/** Returns a promise that settles as `value` does, after the event loop has turned. */
export function afterTurn<T>(value: T | Promise<T>): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}
