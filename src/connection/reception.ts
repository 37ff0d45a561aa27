import type { Socket } from 'node:net';
import { AuthenticationError } from '../errors.ts';
import { greetClient, HANDSHAKE_TIME, HandshakeWire, refuseClient } from './handshake.ts';
import { Throttle } from './throttle.ts';

/** How many may be in the middle of their handshake; one more, and the one that has taken longest is turned away. */
const MOST_GUESTS = 64;

interface Guest {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lets strangers in one by one: each has so much time to show the key, and none costs more than a small buffer. Whatever they send
 * ends in their being turned away, and counted.
 */
export class Reception {
  readonly #key: Uint8Array | undefined;
  readonly #welcome: (socket: Socket, early: Uint8Array) => void;
  readonly #guests = new Map<string | Socket, Guest>();
  readonly #throttle = new Throttle();
  readonly #onFailure: (error: AuthenticationError) => void;

  /** `welcome` gets each that has shown the key, with what it has sent since; `onFailure` hears of the others. */
  constructor(
    key: Uint8Array | undefined,
    welcome: (socket: Socket, early: Uint8Array) => void,
    onFailure: (error: AuthenticationError) => void,
  ) {
    this.#key = key;
    this.#welcome = welcome;
    this.#onFailure = onFailure;
  }

  /** Counts one that has come, before TLS or anything else was said, and gives it its time. */
  enter(socket: Socket): void {
    const id = identity(socket);
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIME).unref();
    socket.unref();
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#guests.get(id)?.socket === socket) this.#leave(id);
    });
    this.#guests.set(id, { socket, timer });
    if (this.#guests.size <= MOST_GUESTS) return;
    const [[oldest, guest]] = this.#guests as unknown as [[string | Socket, Guest]];
    this.#leave(oldest);
    guest.socket.destroy();
  }

  /** Exchanges keys with one that has entered; `secure` is the same connection under TLS, where that is spoken. */
  async greet(secure: Socket): Promise<void> {
    const id = identity(secure);
    const address = secure.remoteAddress ?? 'this machine';
    const wire = new HandshakeWire(secure);
    try {
      await pause(this.#throttle.delayFor(address));
      if (await greetClient(wire, this.#key)) {
        if (this.#key !== undefined) this.#throttle.succeeded(address);
        // Given up in the meantime: too slow, too many, or the listener is closed.
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
    for (const { socket, timer } of this.#guests.values()) {
      clearTimeout(timer);
      socket.destroy();
    }
    this.#guests.clear();
  }

  #leave(id: string | Socket): boolean {
    clearTimeout(this.#guests.get(id)?.timer);
    return this.#guests.delete(id);
  }
}

/** A connection by itself or, as TLS gives it a new object, by the other end's address. */
function identity(socket: Socket): string | Socket {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}

function pause(ms: number): Promise<void> | undefined {
  return ms === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms).unref());
}
