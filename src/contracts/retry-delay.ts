import { assertOptionType, checkOptionNames } from './options.ts';

/** How long a task that has failed waits before its next attempt: a number of milliseconds, or a delay that grows. */
export type RetryDelay =
  | number
  | {
      /** Milliseconds before the first repetition. */
      readonly delay: number;
      /** Each further repetition waits this many times as long as the one before; 2 if left out. */
      readonly factor?: number | undefined;
      /** The part of each delay, from 0 to 1, that is chosen at random: with 0.5 the delay is between half of it and all of it. 0 if left out. */
      readonly jitter?: number | undefined;
    };

const NAMES: Record<string, true> = { delay: true, factor: true, jitter: true };
/** Milliseconds that a timer can run. */
const LONGEST = 0x7fffffff;

/** Throws unless `delay` is a valid `retryDelay`. */
export function checkRetryDelay(delay: unknown): void {
  if (delay === undefined) return;
  if (typeof delay === 'number') {
    assertRange('retryDelay', delay, Number.POSITIVE_INFINITY);
    return;
  }
  if (typeof delay !== 'object' || delay === null) {
    throw new TypeError('retryDelay must be a number of milliseconds or { delay, factor, jitter }');
  }
  checkOptionNames('retryDelay', delay, NAMES);
  const { delay: first, factor, jitter } = delay as Exclude<RetryDelay, number>;
  if (first === undefined) throw new TypeError('retryDelay must have a delay, in milliseconds');
  assertRange('retryDelay.delay', first, Number.POSITIVE_INFINITY);
  assertRange('retryDelay.factor', factor, Number.POSITIVE_INFINITY);
  assertRange('retryDelay.jitter', jitter, 1);
}

function assertRange(name: string, value: unknown, most: number): void {
  assertOptionType(name, value, 'number');
  if (value === undefined) return;
  if (!((value as number) >= 0 && (value as number) <= most && value !== Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be ${most === 1 ? 'from 0 to 1' : '0 or more'}, not ${value}`);
  }
}

/** Returns the milliseconds before the next attempt of a task that has failed `tried` times. */
export function retryDelayOf(delay: RetryDelay | undefined, tried: number): number {
  if (delay === undefined) return 0;
  if (typeof delay === 'number') return Math.min(delay, LONGEST);
  const { delay: first, factor = 2, jitter = 0 } = delay;
  const whole = first * factor ** Math.max(0, tried - 1);
  return Math.min(whole * (1 - jitter * Math.random()), LONGEST);
}
