import type { AsyncResource } from 'node:async_hooks';

/** Returns a function that calls `fn` later in the asynchronous context of the present caller, with its AsyncLocalStorage values. */
export function inCallersContext<A extends unknown[]>(
  fn: ((...args: A) => unknown) | undefined,
): ((...args: A) => unknown) | undefined {
  if (fn === undefined) return undefined;
  const context = callersContext();
  return (...args) => context.runInAsyncScope(fn, undefined, ...args);
}

/** Returns the present asynchronous context. */
export function callersContext(): AsyncResource {
  const { AsyncResource } = process.getBuiltinModule('node:async_hooks');
  return new AsyncResource('multiproc.call', { requireManualDestroy: true });
}
