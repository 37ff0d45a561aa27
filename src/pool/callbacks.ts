/** Calls a user's callback outside of the dispatcher; what it throws becomes a process warning and harms nothing. */
export function callLater<A extends unknown[]>(callback: ((...args: A) => unknown) | undefined, ...args: A): void {
  if (callback === undefined) return;
  setImmediate(() => {
    try {
      const answer = callback(...args);
      if (answer instanceof Promise) answer.catch(warn);
    } catch (error) {
      warn(error);
    }
  });
}

function warn(error: unknown): void {
  process.emitWarning(
    `A callback of a Pool threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}
