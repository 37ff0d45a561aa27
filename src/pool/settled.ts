import { withCallers } from '../both-stacks.ts';

/**
 * What will become of a call that `begin` begins, which throws what is wrong with it. An error that comes later was made elsewhere: its
 * stack is made to show also who called here. What the caller gave as the signal's reason stays as it is.
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
