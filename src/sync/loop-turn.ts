import { clock, setImmediate } from '../builtins.ts';

/** How long, in ms, promises that were true from the start may keep the event loop from turning. */
const LONGEST = 2;
/** The most of them between two looks at the clock, each of which takes some 30 ns. */
const MOST_UNSEEN = 32;

/** When the first of them in this turn of the event loop came true; `undefined` before. */
let since: number | undefined;
/** How many more come true before the next look at the clock, and how many there were between the last two. */
let unseen = 0;
let step = 1;

/**
 * True when promises that were true from the start have kept the event loop from turning for long: a loop of `await q.get()` over a full
 * queue never leaves the microtasks by itself. Settle the promise with `setImmediate` then. The work between them counts too.
 */
export function isLoopStarving(): boolean {
  if (--unseen > 0) return false;
  const now = clock();
  if (since === undefined) {
    since = now;
    unseen = step = 1;
    setImmediate(reset).unref();
    return false;
  }
  // From here on every one, until it has turned.
  if (now - since >= LONGEST) return true;
  step = Math.min(step * 2, MOST_UNSEEN);
  unseen = step;
  return false;
}

function reset(): void {
  since = undefined;
  unseen = 0;
}

/** Settles a promise with what is there already, after a turn of the event loop where that has not turned for long. */
export function settleInTurn<T>(settle: (value: T) => void, value: T): void {
  if (isLoopStarving()) setImmediate(settle, value);
  else settle(value);
}

/** A promise that comes true after the event loop has turned. */
export function afterTurn<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}
