import { StateError } from '../errors.ts';
import { refuseStartWhereLoaded } from '../loaded-for-functions.ts';

/** How deep processes may be nested. */
const MAX_DEPTH = 16;

/** Throws a `StateError` where a start would lead to starts without end; `depth` is that of the process to be started. */
export function assertStartAllowed(depth: number): void {
  refuseStartWhereLoaded();
  if (depth <= MAX_DEPTH) return;
  throw new StateError(
    `Processes are nested ${MAX_DEPTH} deep already: what starts a process must come to an end somewhere. A module that is imported runs again in each: let it start something only \`if (isMainProcess)\`.`,
  );
}
