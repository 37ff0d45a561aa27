import { readTimeout, type WaitOptions } from '../options.ts';

/** A wait as it was asked for, looked over. */
export interface Wait {
  /** Milliseconds; `Infinity` for ever. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

const forEver: Wait = { timeout: Number.POSITIVE_INFINITY, signal: undefined };

/** A `TypeError` for what is not an options object, above all Python's positional arguments. */
export function checkOptions(options: object | undefined, like: string): void {
  if (typeof options === 'object' || options === undefined) return;
  throw new TypeError(`options must be an object such as ${like}, not ${String(options)}`);
}

/** Reads the options of a call that may wait; throws what is wrong with them, and the reason of a signal already aborted. */
export function readWait(options: WaitOptions | undefined): Wait {
  if (options === undefined) return forEver;
  checkOptions(options, '{ timeout: 1000 }');
  const timeout = readTimeout(options);
  const signal = options?.signal;
  // By its shape, as Node does it: a test environment may bring an AbortSignal of its own.
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  signal?.throwIfAborted();
  return { timeout, signal };
}
