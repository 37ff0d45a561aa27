import type { Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type AuthenticationError, ClosedError, TimeoutError } from '../contracts/errors.ts';
import { assertOptions, assertWhole, checkOptionNames, type WaitOptions } from '../contracts/options.ts';
import { staysHere } from '../contracts/stays-here.ts';
import { untilEnd } from '../contracts/until-end.ts';
import { clock } from '../engine/builtins.ts';
import { sockets } from '../platform/choose.ts';
import { descriptorOf } from '../platform/socket-descriptor.ts';
import { NOT_YET } from '../waits/attempt.ts';
import { Waiters } from '../waits/waiters.ts';
import { type Address, showAddress } from './address.ts';
import type { Connection } from './connection.ts';
import { assertTls, readAuthKey } from './handshake.ts';
import { HandshakeGate } from './handshake-gate.ts';
import { listenOn, type Place } from './listening-socket.ts';
import { SocketConnection } from './socket-connection.ts';

/** The options of `new Listener()`. */
export interface ListenerOptions {
  /** The address to listen at. With port 0 the system chooses a port. The default is a unix socket in a new folder that only this user can enter. */
  readonly address?: Address | undefined;
  /**
   * The key that both ends must have. If other machines can reach the address, it must have at least 8 bytes. Without a key only programs
   * of this machine can connect, and only data crosses.
   */
  readonly authKey?: Uint8Array | string | undefined;
  /** Options of `tls.createServer`: key, certificate and so on. Only for TCP. */
  readonly tls?: TlsOptions | undefined;
  /** The largest number of connections that wait for `accept`, 128 by default; more are refused. */
  readonly backlog?: number | undefined;
}

const optionNames: Record<keyof ListenerOptions, true> = { address: true, authKey: true, tls: true, backlog: true };

/** Milliseconds between two warnings about refused clients. */
const WARN_EVERY = 1000;
/** The bound of the kernel's own queue, before a connection is checked. */
const KERNEL_BACKLOG = 511;

/**
 * Waits for programs that call `connect`: of the same family or another one, on this machine (a unix socket or TCP) or on other machines
 * (TCP, TLS).
 *
 * With an `authKey`, both ends prove to each other that they have it (HMAC-SHA-256 over fresh challenges) before a message is read. A
 * client without the key is refused, counted in `failures` and slowed down. `accept` goes on waiting, and a process warning, an
 * `AuthenticationError`, is emitted at most once a second. The key does not encrypt messages: for that use `tls`.
 *
 * @example
 * import { connect, Listener } from 'multiproc/connection';
 * import assert from 'node:assert';
 *
 * using listener = new Listener({ address: '127.0.0.1:0', authKey: 'a shared secret' });
 * const [served, client] = await Promise.all([
 *   listener.accept(),
 *   connect(listener.address, { authKey: 'a shared secret' }),
 * ]);
 * await client.send({ question: 6 * 7 });
 * assert.deepEqual(await served.recv(), { question: 42 });
 * served.close();
 * client.close();
 */
export class Listener implements AsyncIterable<Connection>, Disposable {
  readonly #place: Place;
  readonly #server: Server;
  readonly #gate: HandshakeGate;
  readonly #trusted: boolean;
  readonly #backlog: number;
  readonly #waiting: Connection[] = [];
  readonly #acceptors: Waiters;
  #failures = 0;
  #warned = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: ListenerOptions = {}) {
    assertOptions(options, "{ address: '127.0.0.1:0' }");
    checkOptionNames('Listener', options, optionNames);
    const { address, authKey, tls, backlog = 128 } = options;
    assertWhole('backlog', backlog, 1);
    assertTls(tls);
    const key = readAuthKey(authKey);
    this.#trusted = key !== undefined;
    this.#backlog = backlog;
    this.#gate = new HandshakeGate(
      key,
      (socket, early) => this.#welcome(socket, early),
      (error) => this.#failed(error),
    );
    this.#server = process.getBuiltinModule('node:net').createServer();
    const secure = tls === undefined ? undefined : this.#secureServer(tls);
    this.#place = listenOn(this.#server, address, KERNEL_BACKLOG, key?.length ?? 0);
    if (this.#place.isUnix && tls !== undefined) {
      this.close();
      throw new TypeError(
        'A unix socket does not leave the machine and takes no tls: leave it out, or listen at a TCP address.',
      );
    }
    this.#server.on('connection', (socket) => this.#receive(socket, secure));
    this.#server.unref();
    this.#acceptors = new Waiters({
      begin: () => void this.#server.ref(),
      end: () => void this.#server.unref(),
    });
  }

  /** The address for `connect`, with the port that the system chose. */
  get address(): Address {
    return this.#place.address;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Listener (${this.#closed ? 'closed' : `at ${showAddress(this.address)}`})`;
  }

  /** The number of refused clients: they had another key, no key, or another protocol. */
  get failures(): number {
    return this.#failures;
  }

  /** Waits for the next connection and takes it. Rejects with a `TimeoutError` after the time-out. */
  accept(options?: WaitOptions): Promise<Connection> {
    if (this.#closed) return Promise.reject(closed());
    return this.#acceptors.wait<Connection>(
      () => this.#waiting.shift() ?? NOT_YET,
      options,
      () => {
        throw new TimeoutError(`No client connected within ${options?.timeout} ms.`);
      },
    );
  }

  /** Iterates over the connections until the listener is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    return untilEnd(
      () => this.accept(),
      () => this.#closed,
    );
  }

  /** Stops listening: waits reject with a `ClosedError`, and connections that were not accepted are closed. Accepted connections stay open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#place.remove();
    this.#server.close();
    this.#gate.close();
    for (const connection of this.#waiting.splice(0)) connection.close();
    this.#acceptors?.fail(closed());
  }

  /** Closes the listener at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #secureServer(options: TlsOptions): Server {
    const secure = process.getBuiltinModule('node:tls').createServer(options);
    secure.on('secureConnection', (socket) => void this.#gate.greet(socket));
    secure.on('tlsClientError', (error, socket) => {
      socket.destroy();
      this.#failures++;
      this.#warn(error);
    });
    return secure;
  }

  #receive(socket: Socket, secure: Server | undefined): void {
    if (!this.#isAdmitted(socket)) {
      socket.destroy();
      return;
    }
    if (!this.#gate.enter(socket)) return;
    if (secure !== undefined) secure.emit('connection', socket);
    else void this.#gate.greet(socket);
  }

  /** Admits every connection if there is a key. Without a key admits only programs of this user, if the system can tell the user. */
  #isAdmitted(socket: Socket): boolean {
    if (this.#waiting.length >= this.#backlog) return false;
    if (this.#trusted || !this.#place.isUnix) return true;
    try {
      const user = sockets().peerUser(descriptorOf(socket));
      return user === undefined || user === 0 || user === process.getuid?.();
    } catch {
      // The connection is closed already.
      return false;
    }
  }

  #welcome(socket: Socket, early: Uint8Array): void {
    this.#waiting.push(new SocketConnection(socket, early, this.#trusted));
    this.#acceptors.serve();
  }

  #failed(error: AuthenticationError): void {
    if (this.#closed) return;
    this.#failures++;
    this.#warn(error);
  }

  #warn(error: Error): void {
    const now = clock();
    if (now - this.#warned < WARN_EVERY) return;
    this.#warned = now;
    process.emitWarning(error);
  }
}

function closed(): ClosedError {
  return new ClosedError('This Listener is closed: close() or leaving its block ended it.');
}

staysHere(Listener, 'send its address');
