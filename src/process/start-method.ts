import { platform } from '../platform/choose.ts';

/** How a process is started: `spawn` for a new process of the operating system, `thread` for a worker thread of this process. */
export type StartMethod = 'spawn' | 'thread';

const methods: readonly StartMethod[] = ['spawn', 'thread'];
/** The start method that the program has set. */
let current: StartMethod | undefined;

/** The type of an option `context`: a context, of which only the start method is used. */
export interface StartContext<Method extends StartMethod = StartMethod> {
  /** Returns the start method of the context. */
  getStartMethod(): Method;
}

/**
 * Sets the start method of the whole program. It holds for objects that are made from now on without a context, and in processes that are
 * started from now on.
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

/** Returns the start method of the program. The default is 'spawn', or 'thread' where processes are not available (see `platformInfo`). */
export function getStartMethod(): StartMethod {
  return current ?? (platform().processes === undefined ? 'thread' : 'spawn');
}

/** Returns the start methods that are available. */
export function getAllStartMethods(): StartMethod[] {
  return methods.filter((method) => method === 'thread' || platform().processes !== undefined);
}

/** Throws a `TypeError` unless `method` is a string, a `RangeError` unless it is a start method. */
export function assertStartMethod(method: StartMethod): void {
  if (typeof method !== 'string') throw new TypeError(`A start method is a text such as 'spawn', not ${typeof method}`);
  if (methods.includes(method)) return;
  throw new RangeError(
    `There is no start method '${method}'; there is 'spawn', a fresh process each time, and 'thread', a worker thread.`,
  );
}

/** Returns the start method of an option `context`, the program's if there is none. Throws a `TypeError` if it is not a context. */
export function startMethodOf(context: StartContext | undefined): StartMethod {
  if (context === undefined) return getStartMethod();
  const method = typeof context?.getStartMethod === 'function' ? context.getStartMethod() : undefined;
  if (method === undefined || !methods.includes(method)) {
    throw new TypeError("context must be a context, as getContext('thread') makes one");
  }
  return method;
}
