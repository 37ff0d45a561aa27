import { connect, type Socket } from 'node:net';
import { type Address, parseAddress } from '#dist/connection/address.js';
import { frame, kind } from '#dist/connection/frame.js';
import { greetListener, HandshakeWire } from '#dist/connection/handshake.js';

/** A client that is through with the handshake, and sends bytes of its own choice from then on. */
export interface RawClient {
  readonly socket: Socket;
  /** Sends a body as a message that holds a value, with the blobs that it refers to. */
  readonly sendValue: (body: Uint8Array, blobs?: readonly Uint8Array[]) => void;
}

/** Connects to a listener of ours; with its key, or to one that has none. */
export async function openRaw(address: Address, key?: string): Promise<RawClient> {
  const socket = connect(parseAddress(address));
  socket.on('error', () => {});
  const wire = new HandshakeWire(socket);
  await greetListener(wire, key === undefined ? undefined : Buffer.from(key));
  wire.release();
  socket.resume();
  return {
    socket,
    sendValue: (body, blobs = []) => {
      for (const piece of frame(kind.VALUE, body, blobs, false)!) socket.write(piece);
    },
  };
}
