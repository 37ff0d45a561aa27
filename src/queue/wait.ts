import { readTimeout, type WaitOptions } from '../options.ts';

/** A wait as it was asked for, looked over. */
export interface Wait {
  /** Milliseconds; `Infinity` for ever. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

const forEver: Wait = { timeout: Number.POSITIVE_INFINITY, signal: undefined };

/** Reads the options of a call that may wait; throws what is wrong with them, and the reason of a signal already aborted. */
export function readWait(options: WaitOptions | undefined): Wait {
  if (options === undefined) return forEver;
  const timeout = readTimeout(options);
  const { signal } = options;
  signal?.throwIfAborted();
  return { timeout, signal };
}
