/** So many promises may come true in a row before timers and sockets get their turn: about a millisecond of work. */
const RUN = 1024;

let settled = 0;

/**
 * True now and then, when promises that were true from the start have kept the event loop from turning for long: a loop of
 * `await q.get()` over a full queue never leaves the microtasks by itself. Settle the promise with `setImmediate` then.
 */
export function isLoopStarving(): boolean {
  if (settled === 0) setImmediate(reset).unref();
  return ++settled % RUN === 0;
}

function reset(): void {
  settled = 0;
}

/** A promise that comes true after the event loop has turned. */
export function afterTurn<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}
