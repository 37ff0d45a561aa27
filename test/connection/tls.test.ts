import assert from 'node:assert/strict';
import { connect as connectNet } from 'node:net';
import { describe, test } from 'node:test';
import { AuthenticationError, EndOfStreamError, pipe, SerializationError, StateError } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { watched } from '../watchdog.ts';
import { cert, key } from './certificate.ts';

const ADDRESS = '127.0.0.1:0';

describe('over TLS', () => {
  test('over TLS messages of all sizes cross, and the end is told', async () => {
    using listener = new Listener({ address: ADDRESS, authKey: 'the test key', tls: { key, cert } });
    const [served, client] = await watched(
      Promise.all([listener.accept(), connect(listener.address, { authKey: 'the test key', tls: { ca: cert } })]),
    );
    const big = new Uint8Array(5_000_000).map((_, i) => i);
    const sent = Promise.all([client.send({ big }), client.sendBytes(big), client.send(() => 42)]);
    assert.deepEqual(await watched(served.recv()), { big });
    assert.equal(Buffer.compare(await watched(served.recvBytes()), big), 0);
    assert.equal((await watched(served.recv()))(), 42);
    await sent;
    await served.send('last');
    served.close();
    assert.equal(await watched(client.recv()), 'last');
    await assert.rejects(watched(client.recv()), EndOfStreamError);
    client.close();
  });

  test('over TLS the Sync calls, and sending it to another process, are refused with the reason', async () => {
    using listener = new Listener({ address: ADDRESS, authKey: 'the test key', tls: { key, cert } });
    const [served, client] = await watched(
      Promise.all([listener.accept(), connect(listener.address, { authKey: 'the test key', tls: { ca: cert } })]),
    );
    for (const call of [() => client.recvSync(), () => client.pollSync(), () => client.sendSync(1)]) {
      assert.throws(call, (error: Error) => error instanceof StateError && /TLS/.test(error.message));
    }
    assert.equal(await client.poll(), false);
    const [a] = pipe();
    await assert.rejects(
      a.send(client),
      (error: Error) => error instanceof SerializationError && /TLS/.test(error.message),
    );
    client.close();
    served.close();
  });

  test('over TLS an unknown certificate, a wrong key and a client without TLS are turned away, and others are served', async () => {
    using listener = new Listener({ address: ADDRESS, authKey: 'the test key', tls: { key, cert } });
    await assert.rejects(watched(connect(listener.address, { authKey: 'the test key', tls: {} })), /self-signed/);
    await assert.rejects(
      watched(connect(listener.address, { authKey: 'another key', tls: { ca: cert } })),
      AuthenticationError,
    );
    const raw = connectNet(Number(String(listener.address).split(':')[1]), '127.0.0.1');
    raw.on('error', () => {});
    raw.write('hello?');
    await watched(new Promise((resolve) => raw.once('close', resolve)));
    const [served, client] = await watched(
      Promise.all([listener.accept(), connect(listener.address, { authKey: 'the test key', tls: { ca: cert } })]),
    );
    assert.ok(listener.failures >= 2);
    client.close();
    served.close();
  });

  test('a unix socket takes no tls', async () => {
    assert.throws(() => new Listener({ tls: { key, cert } }), TypeError);
    await assert.rejects(connect('/tmp/nowhere/socket', { tls: {} }), TypeError);
  });
});
