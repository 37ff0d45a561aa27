import type { ParkedDescriptor } from '../channel/descriptors.ts';
import { type Extension, reach, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { SocketConnection } from './socket-connection.ts';
import { parkedFor, takeDescriptor } from './socket-extension.ts';

/** Connections over sockets can be sent within the family; the sender keeps its own until it closes it. */
export const socketConnectionExtension: Extension<SocketConnection<unknown>> = {
  id: extensionIds.SOCKET_CONNECTION,
  name: 'Connection over a socket',
  reach: reach.FAMILY,
  fields: ['uint32', 'value', 'value'],
  matches: (value): value is SocketConnection<unknown> => value instanceof SocketConnection,
  write: writeSocket,
  read: readSocket,
};

/** Sends a connection as the descriptor, and the bytes that have arrived already. */
function writeSocket(connection: SocketConnection<unknown>, out: ValueWriter): void {
  const parcel = connection.handOver();
  if (typeof parcel === 'string') out.refuse(parcel);
  out.uint32(parcel.trusted ? 1 : 0);
  out.value(parcel.early, '');
  out.value(parkedFor(parcel.fd, out), '');
}

function readSocket(input: ValueReader): SocketConnection<unknown> {
  const trusted = input.uint32() === 1;
  const early = input.value() as Uint8Array;
  const fd = takeDescriptor(input.value() as ParkedDescriptor);
  const { Socket } = process.getBuiltinModule('node:net');
  return new SocketConnection(new Socket({ fd, readable: true, writable: true }), early, trusted);
}
