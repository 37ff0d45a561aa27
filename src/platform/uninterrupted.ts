/** How a thread makes sure that it is not ended during a call. */
export interface EndGuard {
  enter(): void;
  leave(): void;
}

let guard: EndGuard | undefined;

/** Sets how a thread does that, before the first use of the platform. */
export function guardEnd(by: EndGuard): void {
  guard = by;
}

/**
 * Makes a call in which the addon makes JavaScript objects or functions: if Node ended the thread within it, the addon would abort the
 * process. Plain calls, with numbers and with bytes in typed arrays, need no such care. Do not nest it, and do not use it for calls that block.
 */
export function uninterrupted<T>(act: () => T): T {
  if (guard === undefined) return act();
  guard.enter();
  try {
    return act();
  } finally {
    guard.leave();
  }
}
