import type { Server, Socket } from 'node:net';
import { type ParkedDescriptor, parkDescriptor } from '../channel/descriptors.ts';
import { type Extension, reach, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { StateError } from '../contracts/errors.ts';
import { descriptorOf } from '../platform/socket-descriptor.ts';

/** The numbers of the forms. */
const SOCKET = 0;
const SERVER = 1;

/** A connected or listening socket of `node:net` is sent to another process as a descriptor; the sender keeps its own. */
export const socketExtension: Extension<Socket | Server> = {
  id: extensionIds.SOCKET,
  name: 'socket of node:net',
  forms: [
    {
      name: 'Socket',
      reach: reach.FAMILY,
      fields: ['value'],
      read: (input) => new (net().Socket)({ fd: readDescriptor(input), readable: true, writable: true }),
    },
    {
      name: 'Server',
      reach: reach.FAMILY,
      fields: ['value'],
      read: (input) =>
        net()
          .createServer()
          .listen({ fd: readDescriptor(input), exclusive: true }),
    },
  ],
  matches: (value): value is Socket | Server => isNet(value, 'Socket') || isNet(value, 'Server'),
  write(value, out) {
    const fd = descriptorOf(value);
    if (fd < 0) out.refuse('it is not connected, or closed');
    if (fd < 3) out.refuse('the standard streams are bound to their process');
    const isServer = isNet(value, 'Server');
    if (!isServer && (value as Socket).readableLength > 0) {
      out.refuse('something was read of it already, which would be lost; have its server pauseOnConnect');
    }
    out.form(isServer ? SERVER : SOCKET);
    out.value(parkedFor(fd, out), '');
  },
};

function net(): typeof import('node:net') {
  return process.getBuiltinModule('node:net');
}

function readDescriptor(input: ValueReader): number {
  return takeDescriptor(input.value() as ParkedDescriptor);
}

/** Parks a descriptor for a message that is being written. If the system refuses, the message is refused. */
export function parkedFor(fd: number, out: ValueWriter): ParkedDescriptor {
  try {
    return parkDescriptor(fd);
  } catch (error) {
    return out.refuse((error as Error).message);
  }
}

/** Returns the descriptor that came with a message. */
export function takeDescriptor(parked: ParkedDescriptor): number {
  const fd = parked.take();
  if (fd === undefined)
    throw new StateError('A socket that was sent here was taken by another process already, or lost with one.');
  return fd;
}

function isNet(value: object, name: 'Socket' | 'Server'): boolean {
  const cls: { name?: string } | undefined = value.constructor;
  return cls?.name === name && cls === process.getBuiltinModule('node:net')[name];
}
