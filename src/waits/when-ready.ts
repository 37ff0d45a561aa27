import type { WaitOptions } from '../contracts/options.ts';
import { type Attempt, NOT_YET } from './attempt.ts';

/** A line of waits, in which a wait ends when its attempt succeeds. */
interface Line {
  wait(attempt: Attempt<true>, options: WaitOptions, expire: () => true): Promise<unknown>;
}

/** Calls `callback` once, when `isReady` returns true, as a wait in `line`. Returns a function that cancels this. */
export function whenReady(line: Line, isReady: () => boolean, callback: () => void): () => void {
  const stop = new AbortController();
  const wait = line.wait(
    () => isReady() || NOT_YET,
    { signal: stop.signal },
    () => true,
  );
  wait.then(callback, () => {});
  return () => stop.abort();
}
