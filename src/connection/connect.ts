import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { TimeoutError } from '../contracts/errors.ts';
import { assertOptions, readTimeout, type WaitOptions } from '../contracts/options.ts';
import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import { sockets } from '../platform/choose.ts';
import type { ShortPath } from '../platform/sockets.ts';
import { expireOn } from '../waits/expiry.ts';
import { type Address, type Endpoint, parseAddress, showAddress } from './address.ts';
import type { Connection } from './connection.ts';
import { assertTls, greetListener, HANDSHAKE_TIME, HandshakeWire, readAuthKey } from './handshake.ts';
import { SocketConnection } from './socket-connection.ts';

/** The options of `connect`. */
export interface ConnectOptions extends WaitOptions {
  /** The key of the listener. Without a key only data crosses, and a listener with a key refuses the connection. */
  readonly authKey?: Uint8Array | string | undefined;
  /** Options of `tls.connect`, such as `ca`; `{}` uses the certificate authorities of the system. */
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * Connects to a `Listener`. Rejects with an `AuthenticationError` if the two ends do not have the same key, or if only one of them has a
 * key; with Node's own error, such as `ECONNREFUSED`, if no program listens; with a `TimeoutError` after the time-out. The exchange of
 * keys may take 5 seconds in any case.
 *
 * @example
 * import { connect, Listener } from 'multiproc/connection';
 * import assert from 'node:assert';
 *
 * using listener = new Listener();
 * using client = await connect(listener.address);
 * using served = await listener.accept();
 * await client.sendBytes(new Uint8Array([1, 2, 3]));
 * assert.deepEqual(await served.recvBytes(), new Uint8Array([1, 2, 3]));
 */
// biome-ignore lint/suspicious/noExplicitAny: like a parsed text, a received value is what the other end made it.
export async function connect<T = any>(address: Address, options: ConnectOptions = {}): Promise<Connection<T>> {
  assertOptions(options, '{ timeout: 1000 }');
  const endpoint = parseAddress(address);
  const key = readAuthKey(options.authKey);
  const timeout = readTimeout(options);
  assertTls(options.tls);
  const { signal, tls } = options;
  signal?.throwIfAborted();
  if (endpoint.path !== undefined && tls !== undefined) {
    throw new TypeError('A unix socket does not leave the machine and takes no tls: leave it out.');
  }
  const short = endpoint.path === undefined ? undefined : sockets().reach(endpoint.path);
  const socket = open(endpoint, short, tls);
  let failure: unknown;
  const giveUp = (reason: unknown) => {
    failure ??= reason;
    socket.destroy();
  };
  const outOfTime = (ms: number) => giveUp(new TimeoutError(`${showAddress(address)} did not answer within ${ms} ms.`));
  const stop = expireOn({ timeout, signal }, () => outOfTime(timeout), giveUp);
  let handshake: NodeJS.Timeout | undefined;
  try {
    await connected(socket, tls === undefined ? 'connect' : 'secureConnect');
    handshake = setTimeout(() => outOfTime(HANDSHAKE_TIME), HANDSHAKE_TIME);
    const wire = new HandshakeWire(socket);
    await greetListener(wire, key);
    return new SocketConnection<T>(socket, wire.release(), key !== undefined);
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw failure ?? error;
  } finally {
    short?.release();
    stop();
    clearTimeout(handshake);
  }
}

function open(endpoint: Endpoint, short: ShortPath | undefined, tls: ConnectionOptions | undefined): Socket {
  const net = process.getBuiltinModule('node:net');
  if (endpoint.path !== undefined) return net.connect({ path: short!.path });
  if (tls === undefined) return net.connect(endpoint);
  return process.getBuiltinModule('node:tls').connect({ ...tls, ...endpoint });
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The connection was closed before it was established.')));
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
