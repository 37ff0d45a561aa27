import { platform } from '../platform/choose.ts';

/** How what is started runs: `spawn`, a fresh process of the operating system; `thread`, a worker thread of this one. */
export type StartMethod = 'spawn' | 'thread';

const methods: readonly StartMethod[] = ['spawn', 'thread'];
/** What the program has set. */
let current: StartMethod | undefined;

/** What an option `context` takes: a context, of which only the start method counts. */
export interface StartContext<Method extends StartMethod = StartMethod> {
  /** The start method that the context stands for. */
  getStartMethod(): Method;
}

/**
 * Sets the start method of the whole program, for what is made from now on without a context, and in what it starts.
 *
 * @example
 * ```ts
 * import { getStartMethod, setStartMethod } from 'multiproc';
 * import assert from 'node:assert';
 *
 * setStartMethod('thread');
 * assert.equal(getStartMethod(), 'thread');
 * ```
 */
export function setStartMethod(method: StartMethod): void {
  assertStartMethod(method);
  current = method;
}

/** The start method of the program. Until one is set: 'spawn', or 'thread' where there are no processes to be had (see `platformInfo`). */
export function getStartMethod(): StartMethod {
  return current ?? (platform().processes === undefined ? 'thread' : 'spawn');
}

/** The start methods that there are here. */
export function getAllStartMethods(): StartMethod[] {
  return methods.filter((method) => method === 'thread' || platform().processes !== undefined);
}

/** A `TypeError` for what is no text, a `RangeError` for what is no start method. */
export function assertStartMethod(method: StartMethod): void {
  if (typeof method !== 'string') throw new TypeError(`A start method is a text such as 'spawn', not ${typeof method}`);
  if (methods.includes(method)) return;
  throw new RangeError(
    `There is no start method '${method}'; there is 'spawn', a fresh process each time, and 'thread', a worker thread.`,
  );
}

/** The start method of an option `context`; the program's if there is none, a `TypeError` for what is no context. */
export function startMethodOf(context: StartContext | undefined): StartMethod {
  if (context === undefined) return getStartMethod();
  const method = typeof context?.getStartMethod === 'function' ? context.getStartMethod() : undefined;
  if (method === undefined || !methods.includes(method)) {
    throw new TypeError("context must be a context, as getContext('thread') makes one");
  }
  return method;
}
