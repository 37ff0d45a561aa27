import { StateError } from '../contracts/errors.ts';
import { refuseStartWhereLoaded } from '../loading/loaded-for-functions.ts';

/** The deepest nesting of processes. */
const MAX_DEPTH = 16;

/** Throws a `StateError` if a start would lead to starts without end; `depth` is the depth of the process to be started. */
export function assertStartAllowed(depth: number): void {
  refuseStartWhereLoaded();
  if (depth <= MAX_DEPTH) return;
  throw new StateError(
    `Processes are nested ${MAX_DEPTH} deep already, which is the limit. Look for code that starts a process that starts a process, without end. A module that is imported runs again in each process: guard a start at its top level with \`if (isMainProcess)\`.`,
  );
}
