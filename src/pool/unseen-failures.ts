import { textOf } from '../engine/stack-of.ts';

/** The number of errors that are printed in full; the others are counted. */
const MOST = 20;

/** The failure of a task whose result was not read. The first errors are kept for printing, others are only counted. */
export type Unseen = { readonly error: unknown } | 'counted';

const kept = new Set<Unseen & object>();
const told = new WeakSet<object>();
let tellings = 0;
let counted = 0;

/** A result that cannot be reached any more will not be read: its error is printed at once. */
const collected = new FinalizationRegistry<Unseen & object>((unseen) => {
  kept.delete(unseen);
  tell(unseen.error);
});

/** Notes that the task of a result has failed and the result was not read. If it is never read, the error is printed to standard error. */
export function noteUnseen(result: object, error: unknown): Unseen {
  if (tellings + kept.size >= MOST || isKnown(error)) {
    counted++;
    return 'counted';
  }
  const unseen = { error };
  kept.add(unseen);
  collected.register(result, unseen, unseen);
  return unseen;
}

/** Forgets an unseen failure, because the result is read after all. */
export function forgetUnseen(unseen: Unseen): void {
  if (unseen === 'counted') {
    counted--;
    return;
  }
  kept.delete(unseen);
  collected.unregister(unseen);
}

process.once('exit', () => {
  for (const { error } of kept) tell(error);
  if (counted > 0) process.stderr.write(`… and ${counted} more tasks.\n`);
});

/** One error may be the end of many tasks. */
function isKnown(error: unknown): boolean {
  if (typeof error === 'object' && error !== null && told.has(error)) return true;
  for (const unseen of kept) if (unseen.error === error) return true;
  return false;
}

function tell(error: unknown): void {
  tellings++;
  if (typeof error === 'object' && error !== null) told.add(error);
  process.stderr.write(`A task of a Pool failed, and its result was never read: ${textOf(error)}\n`);
}
