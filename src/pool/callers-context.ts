import type { AsyncResource } from 'node:async_hooks';

/** A function of the user that is to be called later, in the asynchronous context of whoever gives it now: what AsyncLocalStorage shows. */
export function inCallersContext<A extends unknown[]>(
  fn: ((...args: A) => unknown) | undefined,
): ((...args: A) => unknown) | undefined {
  if (fn === undefined) return undefined;
  const context = callersContext();
  return (...args) => context.runInAsyncScope(fn, undefined, ...args);
}

/** The asynchronous context of this moment. */
export function callersContext(): AsyncResource {
  const { AsyncResource } = process.getBuiltinModule('node:async_hooks');
  return new AsyncResource('multiproc.call', { requireManualDestroy: true });
}
