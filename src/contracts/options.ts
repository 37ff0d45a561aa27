/** The options of calls that may wait, and checks of options. */

/** The options of a call that may wait. */
export interface WaitOptions extends SyncWaitOptions {
  /** Ends the wait when the signal is aborted: the call rejects with `signal.reason`, and has taken and changed nothing. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a call that blocks the thread. */
export interface SyncWaitOptions {
  /** The longest time to wait, in milliseconds. 0 tries once, `undefined` waits for ever; negative numbers and NaN throw a `RangeError`. */
  readonly timeout?: number | undefined;
}

/** The option that the classes of shared objects have in common. */
export interface NameOption {
  /** A label, not necessarily unique. `util.inspect` shows it, and so do some errors, in every process that has the object. */
  readonly name?: string | undefined;
}

/** Returns the name that the options give, `undefined` if there is none. Throws a `TypeError` if the options are invalid. */
export function readName(options: object | undefined): string | undefined {
  if (options === undefined) return undefined;
  assertOptions(options, "{ name: 'jobs' }");
  const { name } = options as NameOption;
  assertOptionType('name', name, 'string');
  return name;
}

/** Returns the time-out in milliseconds, `Infinity` if there is none. Throws if `timeout` or `signal` is invalid. */
export function readTimeout(options: SyncWaitOptions | undefined): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  assertOptions(options, '{ timeout: 1000 }');
  const { timeout, signal } = options as WaitOptions;
  // Checks the shape instead of the class, as Node does: a test environment may have its own AbortSignal class.
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

/** Throws a `TypeError` unless `options` is an object. `example` is shown in the message. */
export function assertOptions(options: unknown, example: string): asserts options is object {
  if (typeof options === 'object' && options !== null) return;
  throw new TypeError(`options must be an object such as ${example}, not ${inWords(options)}`);
}

/** Throws a `TypeError` unless the option is `undefined` or of the given type. */
export function assertOptionType(
  name: string,
  value: unknown,
  type: 'boolean' | 'function' | 'number' | 'string',
): void {
  if (value === undefined || typeof value === type) return;
  throw new TypeError(`${name} must be a ${type}, not ${inWords(value)}`);
}

/** Throws a `TypeError` unless `value` is a number, a `RangeError` unless it is an integer of at least `least`. */
export function assertWhole(name: string, value: unknown, least: number): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${inWords(value)}`);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number from ${least} on, not ${value}`);
  }
}

/** Throws a `TypeError` unless `value` is iterable. `name` is the argument's name in the message. */
export function assertIterable(name: string, value: unknown): void {
  if (typeof (value as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function') return;
  throw new TypeError(`${name} must be iterable, such as an array, not ${inWords(value)}`);
}

/** Reads the options of a queue's `shutdown()`: true if the items are to be dropped. */
export function isImmediate(options: { readonly immediate?: boolean | undefined } | undefined): boolean {
  if (options === undefined) return false;
  assertOptions(options, '{ immediate: true }');
  assertOptionType('immediate', options.immediate, 'boolean');
  return options.immediate ?? false;
}

/** Returns the type of a wrong value, for an error message; "null" for `null`. */
function inWords(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** Throws a `TypeError` for an unknown option, which is probably misspelled. `known` has the names of the options. */
export function checkOptionNames(what: string, options: object, known: Readonly<Record<string, true>>): void {
  assertOptions(options, `{ ${Object.keys(known)[0]} }`);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new TypeError(`${what} has no option ${JSON.stringify(unknown)}: there are ${Object.keys(known).join(', ')}.`);
}
