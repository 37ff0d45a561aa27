/** What a call that may wait takes as its last argument. */

/** How long to wait, and what may end the wait early. */
export interface WaitOptions {
  /** Milliseconds; 0 tries once, `undefined` waits for ever, negative or NaN is a `RangeError`. */
  readonly timeout?: number | undefined;
  /** Ends the wait: it rejects with `signal.reason`, has taken nothing and changed nothing. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a call that blocks the thread may wait. */
export interface SyncWaitOptions {
  /** Milliseconds; 0 tries once, `undefined` waits for ever, negative or NaN is a `RangeError`. */
  readonly timeout?: number | undefined;
}

/** The time-out of a call in milliseconds, `Infinity` where it has none; a `RangeError` where it makes no sense. */
export function readTimeout(options: SyncWaitOptions | undefined): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object such as { timeout: 1000 }, not ${String(options)}`);
  }
  const { timeout } = options;
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== 'number') {
    throw new TypeError(`timeout must be a number of milliseconds, not ${typeof timeout}`);
  }
  if (!(timeout >= 0)) throw new RangeError(`timeout must be 0 or more milliseconds, not ${timeout}`);
  return timeout;
}

/** Throws a `TypeError` for an option that there is not: a misspelled one would be ignored. `known` has the names of those that there are. */
export function checkOptionNames(what: string, options: object, known: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}: there are ${Object.keys(known).join(', ')}.`);
}
