import { queueMicrotask } from '../engine/builtins.ts';

/** The callbacks of each signal: in order, and removed in constant time. */
const listeners = new WeakMap<AbortSignal, { readonly calls: Set<() => void>; readonly listener: () => void }>();

/**
 * Calls `then` when `signal` aborts. Returns a function that cancels this, in constant time. All waits with one signal share one
 * listener: the signal's own list is searched from the start for each removal, and warns of a leak from the eleventh listener on.
 */
export function onAbort(signal: AbortSignal, then: () => void): () => void {
  let entry = listeners.get(signal);
  if (entry === undefined) {
    const calls = new Set<() => void>();
    entry = { calls, listener: () => calls.forEach(callAlone) };
    listeners.set(signal, entry);
    signal.addEventListener('abort', entry.listener, { once: true });
  }
  const { calls, listener } = entry;
  calls.add(then);
  return () => {
    if (!calls.delete(then) || calls.size > 0) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

/** An error that the callback throws is uncaught, as in any listener, and does not keep the other callbacks from being called. */
function callAlone(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
