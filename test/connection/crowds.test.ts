import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectNet, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { Listener } from 'multiproc/connection';
import { parseAddress } from '#dist/connection/address.js';
import { greetListener, HandshakeWire } from '#dist/connection/handshake.js';
import { peerOf } from '#dist/connection/peer-address.js';
import { until } from '../inside.ts';
import { watched } from '../watchdog.ts';

const KEY = 'the key of both';
const PLACES = 256;

process.on('warning', () => {});

/** A connection from one of the addresses of this machine. */
async function comeFrom(localAddress: string, listener: Listener): Promise<Socket> {
  const { host, port } = parseAddress(listener.address);
  const socket = connectNet({ host: host!, port: port!, localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The number of clients that send nothing, all from one address. */
function crowd(count: number, localAddress: string, listener: Listener): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => comeFrom(localAddress, listener)));
}

const isThrough = (socket: Socket) => greetListener(new HandshakeWire(socket), Buffer.from(KEY));
const gone = (sockets: Socket[]) => sockets.filter((socket) => socket.resume().destroyed).length;

describe('a crowd of one address', () => {
  const listener = new Listener({ address: '127.0.0.1:0', authKey: KEY, backlog: 1000 });
  after(() => listener.close());

  /** Comes again and again, until it is let in. */
  async function untilThrough(localAddress: string): Promise<void> {
    for (let isServed = false; !isServed; ) {
      const socket = await comeFrom(localAddress, listener);
      isServed = await watched(isThrough(socket)).then(
        () => true,
        () => false,
      );
      socket.destroy();
    }
  }

  test('a crowd from one address keeps no other address out, before it or after it', async () => {
    // The oldest of all.
    const slow = await comeFrom('127.0.0.2', listener);
    const silent = await crowd(PLACES + 50, '127.0.0.1', listener);
    await watched(until(() => gone(silent) === 51));
    const late = await Promise.all([2, 3, 4].map((n) => comeFrom(`127.0.0.${n}`, listener)));
    await watched(Promise.all([slow, ...late].map(isThrough)));
    assert.ok(gone(silent) < 100);
    for (const socket of [slow, ...late, ...silent]) socket.destroy();
  });

  test('a crowd of one address keeps out nobody of the same address whose answer comes in time', async () => {
    const silent = await crowd(PLACES + 50, '127.0.0.5', listener);
    await watched(until(() => gone(silent) >= 50));
    // Those who are there have their time first.
    await untilThrough('127.0.0.5');
    assert.ok(gone(silent) < 100, 'before their time was over');
    for (const socket of silent) socket.destroy();
  });

  test('a crowd from many addresses leaves room for others too', async () => {
    const silent = await Promise.all(
      Array.from({ length: PLACES }, (_, i) => comeFrom(`127.0.${1 + (i >> 7)}.${1 + (i & 127)}`, listener)),
    );
    await untilThrough('127.0.0.9');
    assert.ok(gone(silent) < 100, 'before their time was over');
    for (const socket of silent) socket.destroy();
  });
});

test('an address of IPv6 stands for all that its owner has', () => {
  for (const [address, peer] of [
    [undefined, 'this machine'],
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const)
    assert.equal(peerOf(address), peer);
});
