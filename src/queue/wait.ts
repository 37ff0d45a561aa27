import { readTimeout, type WaitOptions } from '../contracts/options.ts';

/** The checked options of a wait. */
export interface Wait {
  /** The time-out in milliseconds; `Infinity` for none. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

const forEver: Wait = { timeout: Number.POSITIVE_INFINITY, signal: undefined };

/** Reads the options of a call that may wait. Throws if they are invalid, and throws the reason of a signal that is already aborted. */
export function readWait(options: WaitOptions | undefined): Wait {
  if (options === undefined) return forEver;
  const timeout = readTimeout(options);
  const { signal } = options;
  signal?.throwIfAborted();
  return { timeout, signal };
}
