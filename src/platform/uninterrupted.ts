/** How a thread says that it must not be ended just now. */
export interface EndGuard {
  enter(): void;
  leave(): void;
}

let guard: EndGuard | undefined;

/** Says how; in a thread, before the first use of the platform. */
export function guardEnd(by: EndGuard): void {
  guard = by;
}

/**
 * Calls what has the addon make JavaScript objects or functions: if Node ended the thread within that, the addon would abort the
 * process. Its plain calls, of numbers and of bytes in typed arrays, need no such care. Not to be nested, and not for what blocks.
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
