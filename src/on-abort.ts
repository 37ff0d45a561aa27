import { queueMicrotask } from './builtins.ts';

/** Who is to be told, by signal: in order, and quick to leave. */
const listeners = new WeakMap<AbortSignal, { readonly calls: Set<() => void>; readonly listener: () => void }>();

/**
 * Calls `then` when `signal` aborts; returns what takes that back, in constant time. However many waits share a signal, it
 * gets one listener: its own list is searched from the start for each that leaves, and warns of a leak from the eleventh on.
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

/** What it throws is uncaught, as of any listener, and keeps nobody else from being told. */
function callAlone(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
