import { DESCRIPTOR_KIND, ParkedDescriptor } from '../channel/descriptors.ts';
import { registerSharedClass } from '../channel/handle-extension.ts';
import { type Extension, registerExtension, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { Connection } from './connection.ts';
import { HeapConnection } from './heap-connection.ts';
import { PIPE_KIND, Pipe, type Side } from './pipe-object.ts';
import { SocketConnection } from './socket-connection.ts';
import { parkedFor, takeDescriptor } from './socket-extension.ts';

const HEAP = 0;
const SOCKET = 1;

/** Connections travel within the family; the sender keeps its own, until it closes it. */
const connectionExtension: Extension<Connection> = {
  id: 24,
  matches: (value): value is Connection => value instanceof Connection,
  write(value, out) {
    if (value instanceof HeapConnection) writeEnd(value, out);
    else writeSocket(value as SocketConnection<unknown>, out);
  },
  read: (input) => (input.uint32() === HEAP ? readEnd(input) : readSocket(input)),
};

/** An end of a pipe is its pipe and which end it is. */
function writeEnd(end: HeapConnection<unknown>, out: ValueWriter): void {
  const { pipe, side } = end.place;
  out.uint32(HEAP);
  // While the message is on its way the end is not gone, even if its sender closes it.
  out.handle(pipe.voyages(side));
  out.uint32(side);
  out.value(pipe, 'pipe');
}

function readEnd(input: ValueReader): Connection {
  input.handle();
  const side = input.uint32() as Side;
  return HeapConnection.at(input.value() as Pipe, side);
}

/** A socket's is the descriptor, and what has come of it already. */
function writeSocket(connection: SocketConnection<unknown>, out: ValueWriter): void {
  const parcel = connection.handOver();
  if (typeof parcel === 'string') out.refuse(parcel);
  else {
    out.uint32(SOCKET);
    out.uint32(parcel.trusted ? 1 : 0);
    out.value(parcel.early, '');
    out.value(parkedFor(parcel.fd, out), '');
  }
}

function readSocket(input: ValueReader): Connection {
  const trusted = input.uint32() === 1;
  const early = input.value() as Uint8Array;
  const fd = takeDescriptor(input.value() as ParkedDescriptor);
  const { Socket } = process.getBuiltinModule('node:net');
  return new SocketConnection(new Socket({ fd, readable: true, writable: true }), early, trusted);
}

/** Makes connections able to travel; called once by the library's door. */
export function installConnectionExtension(): void {
  registerSharedClass(PIPE_KIND, Pipe as never);
  registerSharedClass(DESCRIPTOR_KIND, ParkedDescriptor);
  registerExtension(connectionExtension);
}
