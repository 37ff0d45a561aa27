import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { AuthenticationError, EndOfStreamError } from '../contracts/errors.ts';

/** The longest time of a whole handshake, in ms; after that the connection is closed. */
export const HANDSHAKE_TIME = 5000;

/** The first message of a listener: that it wants no key, or the wanted kind of key followed by its challenge. */
const OPEN = Buffer.from('multiproc 1 open');
const LOCKED = Buffer.from('multiproc 1 key ');
const WELCOME = Buffer.from('welcome');
const REFUSED = Buffer.from('refused');
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;

/** Returns a key as bytes; a string is encoded as UTF-8. Throws a `RangeError` for an empty key: `process.env.KEY ?? ''` is no key. */
export function readAuthKey(key: unknown): Uint8Array | undefined {
  if (key === undefined) return undefined;
  const bytes = bytesOf(key);
  if (bytes.length > 0) return bytes;
  throw new RangeError(
    'authKey must not be empty: who has the key can run code here. Leave it out for a connection without one.',
  );
}

function bytesOf(key: unknown): Uint8Array {
  if (typeof key === 'string') return Buffer.from(key);
  if (key instanceof Uint8Array) return Uint8Array.prototype.slice.call(key);
  throw new TypeError(`authKey must be a string or a Uint8Array, not ${typeof key}.`);
}

/** Throws a `TypeError` for a value that cannot be options of `node:tls`. */
export function assertTls(tls: unknown): void {
  if (tls === undefined || (typeof tls === 'object' && tls !== null)) return;
  throw new TypeError('tls must be an object: the options that node:tls takes.');
}

/**
 * Returns the proof of one end that it has the key. It includes the role of the end, so that no client gets in with a proof that this end has
 * made for another.
 */
function proof(
  key: Uint8Array,
  role: 'listener' | 'client',
  listenerNonce: Uint8Array,
  clientNonce: Uint8Array,
): Buffer {
  const mac = createHmac('sha256', key).update(`multiproc 1 ${role}\0`);
  return mac.update(listenerNonce).update(clientNonce).digest();
}

/** Resolves to true if the client has proved that it has the key, to false if it has another key. Rejects if anything else fails. */
export async function greetClient(wire: HandshakeWire, key: Uint8Array | undefined): Promise<boolean> {
  if (key === undefined) {
    wire.write(OPEN);
    return true;
  }
  const nonce = randomBytes(NONCE_BYTES);
  wire.write(Buffer.concat([LOCKED, nonce]));
  const answer = await wire.read();
  if (answer.length !== NONCE_BYTES + PROOF_BYTES)
    throw new AuthenticationError('The client did not reply to the challenge.');
  const clientNonce = answer.subarray(0, NONCE_BYTES);
  if (!timingSafeEqual(answer.subarray(NONCE_BYTES), proof(key, 'client', nonce, clientNonce))) return false;
  wire.write(Buffer.concat([WELCOME, proof(key, 'listener', nonce, clientNonce)]));
  return true;
}

/** Tells a client that it has another key. */
export function refuseClient(wire: HandshakeWire): void {
  wire.write(REFUSED);
}

/** Proves to the listener that this end has the key, and checks the listener's proof. Rejects with an `AuthenticationError` if one of them fails. */
export async function greetListener(wire: HandshakeWire, key: Uint8Array | undefined): Promise<void> {
  const hello = await wire.read();
  if (hello.equals(OPEN)) {
    if (key === undefined) return;
    throw new AuthenticationError(
      'The listener asks for no key, so it cannot show that it has this one: give it the authKey.',
    );
  }
  if (hello.length !== LOCKED.length + NONCE_BYTES || !hello.subarray(0, LOCKED.length).equals(LOCKED)) {
    throw new AuthenticationError('The other end is not a listener of this library.');
  }
  if (key === undefined) throw new AuthenticationError('The listener asks for a key: give connect its authKey.');
  const nonce = hello.subarray(LOCKED.length);
  const clientNonce = randomBytes(NONCE_BYTES);
  wire.write(Buffer.concat([clientNonce, proof(key, 'client', nonce, clientNonce)]));
  const answer = await wire.read();
  const expected = Buffer.concat([WELCOME, proof(key, 'listener', nonce, clientNonce)]);
  if (answer.length === expected.length && timingSafeEqual(answer, expected)) return;
  throw new AuthenticationError(
    answer.equals(REFUSED) ? 'The listener has another key.' : 'The listener could not show that it has the key.',
  );
}

/** The messages of a handshake: one byte of length, then that many bytes. A stranger can therefore announce nothing that costs much. */
export class HandshakeWire {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #wanted: { resolve: (message: Buffer) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onClose);
  }

  write(message: Buffer): void {
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([Buffer.from([message.length]), message]));
  }

  read(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject };
      this.#serve();
    });
  }

  /** Leaves the paused socket to the messages; returns the bytes of them that have arrived already. */
  release(): Uint8Array {
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
    this.#socket.off('end', this.#onClose);
    return this.#bytes;
  }

  readonly #onData = (chunk: Buffer) => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    // Later bytes are for later: they stay in the kernel.
    if (this.#bytes.length > 0xff) this.#socket.pause();
    this.#serve();
  };

  readonly #onError = (error: Error) => this.#fail(error);
  readonly #onClose = () =>
    this.#fail(new EndOfStreamError('The other end closed the connection during the handshake.'));

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#serve();
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const length = this.#bytes[0];
    if (length !== undefined && this.#bytes.length > length) {
      this.#wanted = undefined;
      wanted.resolve(this.#bytes.subarray(1, 1 + length));
      this.#bytes = this.#bytes.subarray(1 + length);
      if (this.#bytes.length <= 0xff) this.#socket.resume();
    } else if (this.#failure !== undefined) {
      this.#wanted = undefined;
      wanted.reject(this.#failure);
    }
  }
}
