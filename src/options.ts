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

/** The time-out of a call in milliseconds, `Infinity` where it has none; throws for a time-out, or a signal, that makes no sense. */
export function readTimeout(options: SyncWaitOptions | undefined): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  assertOptions(options, '{ timeout: 1000 }');
  const { timeout, signal } = options as WaitOptions;
  // By its shape, as Node does it: a test environment may bring an AbortSignal of its own.
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new TypeError('signal must be an AbortSignal, such as the signal of an AbortController');
  }
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== 'number') {
    throw new TypeError(`timeout must be a number of milliseconds, not ${typeof timeout}`);
  }
  if (!(timeout >= 0)) throw new RangeError(`timeout must be 0 or more milliseconds, not ${timeout}`);
  return timeout;
}

/** A `TypeError` for what can have no options; `example` shows what could. */
export function assertOptions(options: unknown, example: string): asserts options is object {
  if (typeof options === 'object' && options !== null) return;
  throw new TypeError(`options must be an object such as ${example}, not ${inWords(options)}`);
}

/** A `TypeError` for an option, given and not `undefined`, of another type. */
export function assertOptionType(
  name: string,
  value: unknown,
  type: 'boolean' | 'function' | 'number' | 'string',
): void {
  if (value === undefined || typeof value === type) return;
  throw new TypeError(`${name} must be a ${type}, not ${inWords(value)}`);
}

/** A `TypeError` for what is no number, a `RangeError` for what is no whole one, or below `least`. */
export function assertWhole(name: string, value: unknown, least: number): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${inWords(value)}`);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number from ${least} on, not ${value}`);
  }
}

/** A `TypeError` for what cannot be iterated, said in words of the call. */
export function assertIterable(name: string, value: unknown): void {
  if (typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function') return;
  throw new TypeError(`${name} must be iterable, such as an array, not ${inWords(value)}`);
}

/** What the options of a queue's shutdown say. */
export function isImmediate(options: { readonly immediate?: boolean | undefined } | undefined): boolean {
  if (options === undefined) return false;
  assertOptions(options, '{ immediate: true }');
  assertOptionType('immediate', options.immediate, 'boolean');
  return options.immediate ?? false;
}

/** What was given instead, for a message: its type says enough, `null` apart. */
function inWords(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** Throws a `TypeError` for an option that there is not: a misspelled one would be ignored. `known` has the names of those that there are. */
export function checkOptionNames(what: string, options: object, known: Readonly<Record<string, true>>): void {
  assertOptions(options, `{ ${Object.keys(known)[0]} }`);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}: there are ${Object.keys(known).join(', ')}.`);
}
