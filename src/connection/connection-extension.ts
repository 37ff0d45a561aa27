import { type Extension, reach, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { HeapConnection } from './heap-connection.ts';
import type { Pipe, Side } from './pipe-object.ts';

/** Ends of a pipe can be sent within the family; the sender keeps its own end until it closes it. */
export const connectionExtension: Extension<HeapConnection<unknown>> = {
  id: extensionIds.CONNECTION,
  name: 'end of a pipe',
  reach: reach.FAMILY,
  fields: ['handle', 'uint32', 'value'],
  matches: (value): value is HeapConnection<unknown> => value instanceof HeapConnection,
  write: writeEnd,
  read: readEnd,
};

/** An end of a pipe is sent as the pipe and the number of the end. */
function writeEnd(end: HeapConnection<unknown>, out: ValueWriter): void {
  const { pipe, side } = end.place;
  // While the message is being sent, the end is not gone, even if its sender closes it.
  out.handle(pipe.inFlight(side));
  out.uint32(side);
  out.value(pipe, 'pipe');
}

function readEnd(input: ValueReader): HeapConnection<unknown> {
  input.handle();
  const side = input.uint32() as Side;
  return HeapConnection.at(input.value() as Pipe, side);
}
