import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect as connectNet, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { AuthenticationError, EndOfStreamError, SerializationError, TimeoutError } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { registerExtension } from '#dist/codec/extension.js';
import { encoders } from '#dist/codec/spares.js';
import { functionExtension } from '#dist/functions/function-extension.js';
import { random } from '../seeded.ts';
import { watched } from '../watchdog.ts';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 1e9);
const KEY = 'the test key';

process.on('warning', () => {});

function portOf(listener: Listener): number {
  return Number(String(listener.address).split(':')[1]);
}

/** A connection that speaks no language of ours. */
async function stranger(listener: Listener): Promise<Socket> {
  const socket = connectNet(portOf(listener), '127.0.0.1');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.resume().once('close', () => resolve())));

async function isServed(listener: Listener): Promise<void> {
  const [served, client] = await watched(Promise.all([listener.accept(), connect(listener.address, { authKey: KEY })]));
  await client.send('served');
  assert.equal(await watched(served.recv()), 'served');
  client.close();
  served.close();
}

/** The next message of a handshake. */
function messageOf(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      if (all.length < 1 || all.length <= all[0]!) return;
      socket.off('data', onData);
      resolve(all.subarray(1));
    };
    socket.on('data', onData);
  });
}

describe('a listener with a key', () => {
  test(`a listener with a key survives whatever strangers send, does not grow, and serves others (seed ${seed})`, async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
    const dice = random(seed);
    const round = async () => {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => stranger(listener)));
      for (const socket of sockets) {
        const kind = dice();
        if (kind < 0.3) socket.end(randomBytes(1 + Math.floor(dice() * 3000)));
        else if (kind < 0.5) socket.end(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 0]));
        else if (kind < 0.7) socket.end(Buffer.concat([Buffer.from([64]), randomBytes(64)]));
        else if (kind < 0.8) socket.end('GET / HTTP/1.1\r\n\r\n'.repeat(20));
        else if (kind < 0.9) socket.resetAndDestroy();
        else socket.end();
      }
      await watched(Promise.all(sockets.map(closed)));
    };
    for (let i = 0; i < 5; i++) await round();
    const before = process.memoryUsage();
    for (let i = 0; i < 25; i++) await round();
    const after = process.memoryUsage();
    assert.ok(after.external - before.external < 2 ** 25, `${after.external - before.external} bytes more`);
    // How many of them come to show something before they are gone again is chance.
    assert.ok(listener.failures >= 20, `${listener.failures}`);
    await isServed(listener);
  });

  test('a listener with a key takes its time with those who showed a wrong key, and none from others', async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
    const guess = async () => {
      const start = performance.now();
      await assert.rejects(watched(connect(listener.address, { authKey: 'a good guess' })), AuthenticationError);
      return performance.now() - start;
    };
    await guess();
    for (const least of [50, 100, 200]) assert.ok((await guess()) >= least - 1);
    await isServed(listener);
  });

  test('a listener with a key gives up who says nothing, and is not kept busy by many of them', async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
    const silent = await Promise.all(Array.from({ length: 80 }, () => stranger(listener)));
    const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey: KEY })]);
    assert.ok(!silent[79]!.destroyed);
    // Their time runs out, and that of one who is through does not.
    await watched(Promise.all(silent.map(closed)));
    await client.send('still here');
    assert.equal(await watched(served.recv()), 'still here');
    client.close();
    served.close();
  });

  test('a listener with a key is not taken in by its own answers', async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
    // Asks the listener to answer its own challenge, over a second connection.
    const [first, second] = await Promise.all([stranger(listener), stranger(listener)]);
    const challenge = await messageOf(first);
    await messageOf(second);
    const nonce = challenge.subarray(-32);
    second.write(Buffer.concat([Buffer.from([64]), nonce, randomBytes(32)]));
    first.write(Buffer.concat([Buffer.from([64]), nonce, randomBytes(32)]));
    assert.equal((await messageOf(second)).toString(), 'refused');
    await watched(Promise.all([closed(first), closed(second)]));
    await isServed(listener);
  });

  test('a listener with a key looks at no message of one that has not shown the key', async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
    const socket = await stranger(listener);
    await messageOf(socket);
    const message = Buffer.concat([Buffer.from([64]), randomBytes(64), Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 7])]);
    socket.end(message);
    await watched(closed(socket));
    await assert.rejects(listener.accept({ timeout: 20 }), TimeoutError);
  });
});

describe('a client with a key', () => {
  test('a client with a key is not taken in by a listener that lets everybody in, repeats, or says nothing', async () => {
    const answers: ((socket: Socket) => void)[] = [
      (socket) => socket.write(Buffer.concat([Buffer.from([16]), Buffer.from('multiproc 1 open')])),
      (socket) => socket.write(Buffer.concat([Buffer.from([5]), Buffer.from('hello')])),
      (socket) => {
        socket.write(Buffer.concat([Buffer.from([48]), Buffer.from('multiproc 1 key '), randomBytes(32)]));
        socket.once('data', (answer) => {
          socket.write(Buffer.concat([Buffer.from([39]), Buffer.from('welcome'), answer.subarray(-32)]));
        });
      },
    ];
    for (const answer of answers) {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        answer(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      await assert.rejects(watched(connect({ host: '127.0.0.1', port }, { authKey: KEY })), AuthenticationError);
      server.close();
    }
    const mute = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    await assert.rejects(watched(connect(`127.0.0.1:${port}`, { authKey: KEY, timeout: 20 })), TimeoutError);
    const stop = AbortSignal.abort(new Error('enough'));
    await assert.rejects(watched(connect(`127.0.0.1:${port}`, { signal: stop })), /enough/);
    mute.close();
  });
});

describe('after the handshake', () => {
  /** A connection of ours whose other end sends bytes of our choice. */
  async function fed(bytes: Uint8Array) {
    using listener = new Listener({ address: '127.0.0.1:0' });
    const accepted = listener.accept();
    const socket = await stranger(listener);
    await messageOf(socket);
    socket.end(bytes);
    return await watched(accepted);
  }

  const header = (kind: number, blobs: number, length: number) => {
    const head = Buffer.alloc(8);
    head[0] = kind;
    head.writeUInt16BE(blobs, 2);
    head.writeUInt32BE(length, 4);
    return head;
  };

  for (const [name, bytes] of [
    ['another language', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a length beyond the limit', header(1, 0, 2 ** 32 - 1)],
    ['blobs beyond the limit', Buffer.concat([header(2, 0xffff, 0), Buffer.alloc(0xffff * 4, 0xff)])],
    ['a value that is none', Buffer.concat([header(2, 0, 3), Buffer.from([1, 2, 3])])],
    ['a torn header', Buffer.from([1, 0])],
    ['much less than was announced', Buffer.concat([header(1, 0, 2 ** 31), Buffer.alloc(10)])],
  ] as const) {
    test(`${name} is an error of the receiver, then comes the end`, async () => {
      const before = process.memoryUsage.rss();
      const connection = await fed(bytes);
      await assert.rejects(watched(connection.recv()), SerializationError);
      await assert.rejects(watched(connection.recv()), EndOfStreamError);
      assert.ok(process.memoryUsage.rss() - before < 2 ** 28);
      connection.close();
    });
  }

  test('a function of a stranger is not revived', async () => {
    registerExtension(functionExtension);
    const message = encoders.with((encoder) => {
      const { bytes, length } = encoder.encode(() => process.exit(9), 'value');
      return Buffer.from(bytes.subarray(0, length));
    });
    const connection = await fed(Buffer.concat([header(2, 0, message.length), message, header(1, 0, 0)]));
    await assert.rejects(watched(connection.recv()), /may not come from where it came/);
    assert.deepEqual(await watched(connection.recv()), new Uint8Array(0));
    connection.close();
  });

  test(`random messages are errors or values, and never code (seed ${seed})`, async () => {
    const dice = random(seed);
    for (let i = 0; i < 300; i++) {
      const body = Buffer.from(Array.from({ length: 1 + Math.floor(dice() * 40) }, () => Math.floor(dice() * 256)));
      // With the header byte of a true message, so that something is decoded.
      body[0] = 0x10 | (body[0]! & 0x0f);
      const connection = await fed(Buffer.concat([header(2, 0, body.length), body]));
      for (;;) {
        try {
          assert.notEqual(typeof (await watched(connection.recv())), 'function');
        } catch (error) {
          if (error instanceof EndOfStreamError) break;
          assert.ok(error instanceof SerializationError, String(error));
        }
      }
      connection.close();
    }
  });
});
