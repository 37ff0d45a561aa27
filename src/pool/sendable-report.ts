import { pack } from '../channel/transport.ts';
import { SerializationError } from '../contracts/errors.ts';
import { family } from '../memory/family.ts';
import { discardParcel } from '../ring/parcel.ts';
import { type ReportMessage, report } from './messages.ts';

/** Returns the part of a message that can be sent, with `refusal` in place of the rest. */
export function sendable(message: ReportMessage, refusal: unknown): ReportMessage {
  const reason = refusal instanceof SerializationError ? refusal : new SerializationError(String(refusal), '');
  if (message[0] !== report.RESULTS) return [report.ERROR, reason];
  const [, values, errors] = message;
  const kept: unknown[] = [];
  const reasons = errors.filter(([, error]) => refusalOf(error) === undefined);
  for (const [i, value] of values.entries()) {
    const refused = refusalOf(value);
    kept.push(refused === undefined ? value : undefined);
    if (refused !== undefined) reasons.push([i, refused]);
  }
  return [report.RESULTS, kept, reasons];
}

/** Returns the error if a value cannot be sent, otherwise `undefined`. */
function refusalOf(value: unknown): unknown {
  try {
    discardParcel(family(), pack(family(), value, 'result'));
    return undefined;
  } catch (error) {
    return error;
  }
}
