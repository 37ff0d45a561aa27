import { assertOptions, assertOptionType, assertWhole, readTimeout } from '../options.ts';
import type { Callbacks, MapOptions, SubmitOptions, TaskOptions } from './task-options.ts';

/** What a task may be given, looked over before anything happens. */

/** A `TypeError` for what cannot be run. */
export function assertTask(fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new TypeError(`A task is a function, not ${fn === null ? 'null' : typeof fn}`);
}

/** A `TypeError` for what is no list of arguments. */
export function argumentsOf(args: unknown = [], name = 'args', of = 'function'): readonly unknown[] {
  if (!Array.isArray(args)) throw new TypeError(`${name} must be an array: the arguments of the ${of}, in order`);
  return args;
}

/** One for all tasks without options: tens of thousands of them may wait. */
export const NONE: TaskOptions = {};
const DEFAULTS: SubmitOptions = { retries: 0, priority: 0, timeout: Number.POSITIVE_INFINITY };

/** The options of a task, with nothing left out; throws for what makes no sense. */
export function readOptions(options: TaskOptions): SubmitOptions {
  if (options === NONE) return DEFAULTS;
  assertOptions(options, '{ retries: 2 }');
  const timeout = readTimeout(options);
  const { retries = 0, priority = 0, signal } = options;
  assertWhole('retries', retries, 0);
  assertOptionType('priority', priority, 'number');
  if (Number.isNaN(priority)) throw new RangeError('priority must be a number, not NaN');
  return { retries, priority, timeout, ...(signal === undefined ? {} : { signal }) };
}

/** The same, for those of many items. */
export function readMapOptions(options: MapOptions): SubmitOptions {
  const submit = readOptions(options);
  atLeastOne('chunksize', options.chunksize, 1);
  assertOptionType('failFast', options.failFast, 'boolean');
  assertOptionType('onProgress', options.onProgress, 'function');
  return submit;
}

/** A `TypeError` for a callback that nobody could call. */
export function checkCallbacks<R>({ callback, errorCallback }: Callbacks<R>): void {
  assertOptionType('callback', callback, 'function');
  assertOptionType('errorCallback', errorCallback, 'function');
}

/** A whole number from 1 on, or what holds where there is none. */
export function atLeastOne(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  assertWhole(name, value, 1);
  return value;
}
