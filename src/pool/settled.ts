import { withCallers } from '../engine/caller-stack.ts';

/**
 * Runs `begin` and returns a promise of its outcome. An error that `begin` throws passes through. A later error was made elsewhere: its
 * stack is extended with the stack of this call. A signal's reason belongs to the caller and stays unchanged.
 */
export async function settled<R>(
  call: string,
  signal: AbortSignal | undefined,
  begin: (succeed: (value: R) => void, fail: (error: unknown) => void) => void,
): Promise<R> {
  let begun = false;
  const outcome = new Promise<R>((succeed, fail) => {
    begin(succeed, fail);
    begun = true;
  });
  try {
    return await outcome;
  } catch (error) {
    throw !begun || (signal !== undefined && error === signal.reason) ? error : withCallers(error, `Pool.${call}()`);
  }
}
