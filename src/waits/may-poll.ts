import { os } from '../engine/builtins.ts';

let answer: boolean | undefined;

/**
 * Returns true if a wait may try again and again for a moment before it sleeps. With one CPU it may not, because the other side could not run
 * meanwhile. The environment variable `MULTIPROC_POLLING` is `off` where tests and the benchmark need waits that really sleep.
 */
export function mayPoll(): boolean {
  answer ??= os.availableParallelism() > 1 && process.env.MULTIPROC_POLLING !== 'off';
  return answer;
}
