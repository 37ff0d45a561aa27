/** How many of them are told in full. */
const MOST = 20;
/** How many are kept until somebody looks; of those beyond only the number is. */
const MOST_KEPT = 1000;

/** The failure of a task, until somebody looks at its result or nobody can any more. */
export interface Failure {
  readonly error: unknown;
}

/** Those whose results are still there; what is told of, or was looked at, is forgotten. */
const unseen = new Set<Failure>();
/** Stands for all that are not kept. */
const counted: Failure = { error: undefined };
/** One error may have been the end of many tasks: it is told once. */
const told = new WeakSet<object>();
let toldCount = 0;
let untoldCount = 0;

const collected = new FinalizationRegistry<Failure>((failure) => {
  unseen.delete(failure);
  tell(failure.error);
});

process.once('exit', () => {
  for (const { error } of unseen) tell(error);
  if (untoldCount > 0) process.stderr.write(`… and ${untoldCount} more errors of such tasks.\n`);
});

/**
 * Notes the failure of a task at whose result nobody has looked so far. It is said on standard error once nobody can look any more,
 * since the result was collected, and at the end of the program at the latest, so that no error disappears and none is kept for ever.
 */
export function noteFailure(result: object, error: unknown): Failure {
  if (unseen.size === MOST_KEPT) {
    untoldCount++;
    return counted;
  }
  const failure = { error };
  unseen.add(failure);
  collected.register(result, failure, failure);
  return failure;
}

/** Somebody has looked at the result. */
export function forgetFailure(failure: Failure): void {
  if (failure === counted) {
    untoldCount--;
    return;
  }
  unseen.delete(failure);
  collected.unregister(failure);
}

function tell(error: unknown): void {
  if (typeof error === 'object' && error !== null) {
    if (told.has(error)) return;
    told.add(error);
  }
  if (toldCount === MOST) {
    untoldCount++;
    return;
  }
  toldCount++;
  const text = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`A task of a Pool failed, and nobody asked for its result: ${text}\n`);
}
