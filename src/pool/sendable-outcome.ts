import { SerializationError } from '../contracts/errors.ts';
import { type Outcome, outcome } from '../contracts/executor.ts';
import { withPath } from './refusal-path.ts';

/** What the packing of a message `[kind, value, …]` calls the value. */
const INNER = 'result[1]';

/** Returns the error that says why the value of a message `[kind, value, …]` could not be sent. Its path begins at the value, which it calls `name`. */
export function refusalFor(error: unknown, name: 'result' | 'error'): SerializationError {
  if (!(error instanceof SerializationError)) return new SerializationError(String(error), '');
  return error.path.startsWith(INNER) ? withPath(error, name + error.path.slice(INNER.length)) : error;
}

/**
 * Returns what can be sent of the outcome of a task that was refused with `error`: what cannot be sent becomes an error of the task or of its item.
 * `pack` throws the reason why a value cannot be sent.
 */
export function sendableOutcome(end: Outcome, error: unknown, pack: (value: unknown) => void): Outcome {
  if (end[0] !== outcome.RESULTS) {
    return [outcome.ERROR, refusalFor(error, end[0] === outcome.RESULT ? 'result' : 'error')];
  }
  const [kind, values, errors] = end;
  const reasonFor = (value: unknown): unknown => {
    try {
      pack(value);
      return undefined;
    } catch (reason) {
      return reason;
    }
  };
  const refused = errors.map(([i, each]): [number, unknown] => [i, reasonFor(each) ?? each]);
  const kept = values.map((value, i) => {
    const reason = reasonFor(value);
    if (reason === undefined) return value;
    refused.push([i, reason]);
    return undefined;
  });
  return [kind, kept, refused];
}
