import type { Socket } from 'node:net';
import { AuthenticationError } from '../contracts/errors.ts';
import { clearTimeout, clock, setTimeout } from '../engine/builtins.ts';
import { type Guest, Guests } from './guests.ts';
import { greetClient, HANDSHAKE_TIME, HandshakeWire, refuseClient } from './handshake.ts';
import { peerOf } from './peer-address.ts';
import { Throttle } from './throttle.ts';

/**
 * Does the handshake with strangers. Each has limited time to prove that it has the key, and none costs more than a small buffer.
 * Whatever a stranger sends, the worst result is a refused and counted connection.
 */
export class HandshakeGate {
  readonly #key: Uint8Array | undefined;
  readonly #welcome: (socket: Socket, early: Uint8Array) => void;
  readonly #guests = new Guests();
  /** The connections by their identity, each with the timer that ends its time. */
  readonly #known = new Map<string | Socket, { readonly guest: Guest; readonly timer: NodeJS.Timeout }>();
  readonly #throttle = new Throttle();
  readonly #onFailure: (error: AuthenticationError) => void;

  /**
   * `welcome` receives each connection that has proved the key, with the bytes that it has sent since; `onFailure` receives the error of
   * each other one.
   */
  constructor(
    key: Uint8Array | undefined,
    welcome: (socket: Socket, early: Uint8Array) => void,
    onFailure: (error: AuthenticationError) => void,
  ) {
    this.#key = key;
    this.#welcome = welcome;
    this.#onFailure = onFailure;
  }

  /** Starts the time of a new connection, before TLS or anything else; returns false if it had to be refused at once. */
  enter(socket: Socket): boolean {
    const id = identity(socket);
    const peer = peerOf(socket.remoteAddress);
    const guest: Guest = { peer, since: clock(), dismiss: () => socket.destroy() };
    socket.on('error', () => {});
    if (!this.#guests.add(guest)) {
      socket.destroy();
      this.#onFailure(new AuthenticationError(`A connection from ${peer} was turned away: there are too many.`));
      return false;
    }
    this.#known.set(id, { guest, timer: setTimeout(guest.dismiss, HANDSHAKE_TIME).unref() });
    socket.unref();
    socket.once('close', () => {
      if (this.#known.get(id)?.guest === guest) this.#leave(id);
    });
    return true;
  }

  /** Exchanges keys over an admitted connection; `secure` is the same connection under TLS, if TLS is used. */
  async greet(secure: Socket): Promise<void> {
    const id = identity(secure);
    const address = peerOf(secure.remoteAddress);
    const wire = new HandshakeWire(secure);
    try {
      await pause(this.#throttle.delayFor(address));
      if (await greetClient(wire, this.#key)) {
        if (this.#key !== undefined) this.#throttle.succeeded(address);
        // The connection was given up meanwhile: too slow, too many, or the listener is closed.
        if (!this.#leave(id)) secure.destroy();
        else this.#welcome(secure, wire.release());
        return;
      }
      refuseClient(wire);
      this.#throttle.failed(address);
      this.#onFailure(new AuthenticationError(`A client at ${address} showed another key and was turned away.`));
      secure.destroySoon();
    } catch (error) {
      secure.destroy();
      const text = `A connection from ${address} was given up: ${(error as Error).message}`;
      this.#onFailure(new AuthenticationError(text, { cause: error }));
    }
  }

  close(): void {
    this.#guests.clear();
  }

  #leave(id: string | Socket): boolean {
    const known = this.#known.get(id);
    if (known === undefined) return false;
    clearTimeout(known.timer);
    this.#known.delete(id);
    return this.#guests.delete(known.guest);
  }
}

/** Returns the identity of a connection: the connection itself or, because TLS makes a new object, the address of its other end. */
function identity(socket: Socket): string | Socket {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}

function pause(ms: number): Promise<void> | undefined {
  return ms === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms).unref());
}
