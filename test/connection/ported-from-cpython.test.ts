/**
 * Cases of CPython's own tests of connections, written anew for this library: which situations, and what must come of them.
 * Source: CPython, Lib/test/_test_multiprocessing.py (_TestConnection, _TestListener, _TestListenerClient, _TestPoll, TestWait,
 * OtherTest, TestIgnoreEINTR), Copyright (c) 2001 Python Software Foundation; All Rights Reserved. PSF licence.
 */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  AuthenticationError,
  BufferTooShort,
  ClosedError,
  type Connection,
  EndOfStreamError,
  Process,
  pipe,
  StateError,
} from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';
import { test } from '../cases.ts';
import { start } from '../inside.ts';
import { watched } from '../watchdog.ts';

const KEY = 'a key for tests';

async function pair(address: string | undefined): Promise<[Connection, Connection]> {
  using listener = new Listener({ address, authKey: KEY });
  return await Promise.all([listener.accept(), connect(listener.address, { authKey: KEY })]);
}

const makers = {
  'a pipe': async () => pipe(),
  'a unix socket': () => pair(undefined),
  TCP: () => pair('127.0.0.1:0'),
} as const;

const LONG = { timeout: 30_000 };

for (const [name, make] of Object.entries(makers)) {
  describe(`_TestConnection over ${name}`, () => {
    test('test_connection: values, bytes and buffers of both sizes', async () => {
      const [a, b] = await make();
      const echo = (async () => {
        for await (const message of b) await (message instanceof Uint8Array ? b.sendBytes(message) : b.send(message));
      })();
      assert.equal(await a.poll(), false);
      assert.equal(await a.poll({ timeout: 5 }), false);
      await a.send([1, 2.5, null]);
      assert.deepEqual(await watched(a.recv()), [1, 2.5, null]);
      const message = Buffer.from('hello world');
      await a.sendBytes(message);
      assert.deepEqual(await watched(a.recvBytes()), new Uint8Array(message));
      const buffer = new Int32Array(10);
      await a.sendBytes(Int32Array.of(1, 2, 3));
      assert.equal(await watched(a.recvBytesInto(buffer)), 12);
      assert.deepEqual([...buffer], [1, 2, 3, 0, 0, 0, 0, 0, 0, 0]);
      await a.sendBytes(Int32Array.of(1, 2, 3));
      assert.equal(await watched(a.recvBytesInto(buffer, { offset: 12 })), 12);
      assert.deepEqual([...buffer], [1, 2, 3, 1, 2, 3, 0, 0, 0, 0]);
      const long = new Uint8Array(1000).fill(65);
      await a.sendBytes(long);
      await assert.rejects(watched(a.recvBytesInto(new Uint8Array(40))), (error: BufferTooShort) => {
        assert.ok(error instanceof BufferTooShort);
        assert.deepEqual(error.bytes, long);
        return true;
      });
      assert.equal(await a.poll({ timeout: 0 }), false);
      const polled = a.poll(LONG);
      await a.send('x');
      assert.equal(await watched(polled), true);
      assert.equal(await a.poll(), true);
      assert.equal(await a.recv(), 'x');
      const big = new Uint8Array(16 * 2 ** 20).map((_, i) => i);
      await Promise.all([
        a.sendBytes(big),
        watched(a.recvBytes()).then((back) => assert.equal(Buffer.compare(back, big), 0)),
      ]);
      assert.deepEqual([a.readable, a.writable, a.closed], [true, true, false]);
      a.close();
      await watched(echo);
      b.close();
    });

    test('test_connection: the other end is closed', async () => {
      const [a, b] = await make();
      b.close();
      await assert.rejects(watched(a.recv()), EndOfStreamError);
      await assert.rejects(watched(a.recvBytes()), EndOfStreamError);
      assert.equal(await a.poll(), true);
      a.close();
      await assert.rejects(a.poll(), ClosedError);
    });

    test('test_sendbytes: offsets and sizes', async () => {
      const [a, b] = await make();
      const message = Buffer.from('abcdefghijklmnopqrstuvwxyz');
      const received = async () => Buffer.from(await watched(b.recvBytes())).toString();
      for (const [range, text] of [
        [{}, 'abcdefghijklmnopqrstuvwxyz'],
        [{ offset: 5 }, 'fghijklmnopqrstuvwxyz'],
        [{ offset: 7, size: 8 }, 'hijklmno'],
        [{ offset: 26 }, ''],
        [{ offset: 26, size: 0 }, ''],
      ] as const) {
        await a.sendBytes(message, range);
        assert.equal(await received(), text);
      }
      for (const range of [
        { offset: 27 },
        { offset: 22, size: 5 },
        { offset: 26, size: 1 },
        { offset: -1 },
        { size: -1 },
      ]) {
        await assert.rejects(a.sendBytes(message, range), RangeError);
        assert.throws(() => a.sendBytesSync(message, range), RangeError);
      }
      a.close();
      b.close();
    });

    test('_TestPoll: empty messages, and boundaries that hold', async () => {
      const [a, b] = await make();
      await a.sendBytes(new Uint8Array(0));
      assert.equal(await b.poll(LONG), true);
      assert.equal(await b.poll(), true);
      assert.equal((await b.recvBytes()).length, 0);
      assert.equal(await b.poll(), false);
      const texts = ['hello', '', 'a', 'b', '', 'bye', '', 'lop'];
      for (const text of texts) await a.sendBytes(Buffer.from(text));
      for (const text of texts) assert.equal(Buffer.from(await watched(b.recvBytes())).toString(), text);
      assert.equal(await b.poll(), false);
      a.close();
      b.close();
    });

    test('a message that is longer than allowed ends the reading', async () => {
      const [a, b] = await make();
      await a.sendBytes(new Uint8Array(10));
      await assert.rejects(watched(b.recvBytes({ maxLength: 9 })), BufferTooShort);
      assert.deepEqual([b.readable, b.writable], [false, true]);
      await assert.rejects(b.recvBytes(), StateError);
      a.close();
      b.close();
    });

    test('a value is not given as bytes, and stays', async () => {
      const [a, b] = await make();
      await a.send({ a: 1 });
      await assert.rejects(watched(b.recvBytes(LONG)), StateError);
      assert.deepEqual(b.recvSync(), { a: 1 });
      a.close();
      b.close();
    });

    test('test_wait: over ends, until each has ended', async () => {
      const pairs = await Promise.all([make(), make(), make(), make()]);
      for (const [, writer] of pairs) {
        void (async () => {
          for (let i = 0; i < 10; i++) await writer.send(i);
          writer.close();
        })();
      }
      const open = new Map(pairs.map(([reader]) => [reader, 0]));
      while (open.size > 0) {
        const ready = await watched(wait(open.keys()));
        assert.ok(ready.length > 0);
        for (const reader of ready) {
          try {
            assert.equal(await reader.recv({ timeout: 0 }), open.get(reader));
            open.set(reader, open.get(reader)! + 1);
          } catch (error) {
            assert.ok(error instanceof EndOfStreamError);
            assert.equal(open.get(reader), 10);
            open.delete(reader);
          }
        }
      }
      for (const [reader] of pairs) reader.close();
    });
  });
}

describe('_TestConnection', () => {
  test('test_duplex_false', async () => {
    const [reader, writer] = pipe({ duplex: false });
    await writer.send(1);
    assert.equal(await reader.recv(), 1);
    assert.deepEqual([reader.readable, reader.writable], [true, false]);
    assert.deepEqual([writer.readable, writer.writable], [false, true]);
    await assert.rejects(reader.send(2), StateError);
    await assert.rejects(writer.recv(), StateError);
    await assert.rejects(writer.poll(), StateError);
  });

  test('test_spawn_close: an end that was given away can be closed', async () => {
    const [here, there] = pipe();
    const child = start((end: Connection) => end.sendSync('from the child'), there);
    there.close();
    assert.equal(await watched(here.recv()), 'from the child');
    await assert.rejects(watched(here.recv()), EndOfStreamError);
    await child.join();
  });
});

describe('_TestListener', () => {
  test('test_multiple_bind', () => {
    for (const address of [undefined, '127.0.0.1:0']) {
      using first = new Listener({ address });
      assert.throws(() => new Listener({ address: first.address }), { code: 'EADDRINUSE' });
    }
  });

  test('test_context: closed, it accepts nobody', async () => {
    const listener = new Listener();
    const open = listener.accept();
    const client = await connect(listener.address);
    await client.send(1729);
    assert.equal(await (await open).recv(), 1729);
    const pending = listener.accept();
    listener.close();
    await assert.rejects(pending, ClosedError);
    await assert.rejects(listener.accept(), ClosedError);
    await assert.rejects(connect(listener.address), { code: 'ENOENT' });
    client.close();
  });

  test('test_issue14725: who connected, sent and left before accept is served', async () => {
    for (const address of [undefined, '127.0.0.1:0']) {
      using listener = new Listener({ address });
      const child = start(async (where: string) => {
        const { connect } = await import('multiproc/connection');
        const client = await connect(where);
        client.sendSync('hello');
        client.close();
      }, listener.address as string);
      await child.join();
      const served = await watched(listener.accept());
      assert.equal(await watched(served.recv()), 'hello');
      await assert.rejects(watched(served.recv()), EndOfStreamError);
      served.close();
    }
  });
});

describe('OtherTest', () => {
  test('a wrong key is refused at either end, and the listener goes on', async () => {
    using listener = new Listener({ authKey: 'abcdefgh' });
    const accepted = listener.accept();
    const warning = new Promise((resolve) => process.once('warning', resolve));
    await assert.rejects(watched(connect(listener.address, { authKey: 'hgfedcba' })), AuthenticationError);
    await assert.rejects(watched(connect(listener.address)), AuthenticationError);
    assert.ok((await warning) instanceof AuthenticationError);
    assert.ok(listener.failures > 0);
    const client = await watched(connect(listener.address, { authKey: Buffer.from('abcdefgh') }));
    (await accepted).close();
    client.close();
  });

  test('test_empty_authkey, deliberately other: an empty key is refused, and a short one where other machines can try', async () => {
    for (const authKey of ['', new Uint8Array()]) {
      assert.throws(() => new Listener({ authKey }), { name: 'RangeError', message: /must not be empty/ });
      await assert.rejects(connect('127.0.0.1:1', { authKey }), { name: 'RangeError', message: /must not be empty/ });
    }
    for (const authKey of ['x', 'seven 7', Buffer.from('seven 7')]) {
      const open = () => new Listener({ address: '0.0.0.0:0', authKey });
      assert.throws(open, { name: 'RangeError', message: /fewer than 8 bytes/ });
      new Listener({ address: '127.0.0.1:0', authKey }).close();
    }
    // Bytes, not characters.
    using listener = new Listener({ address: '0.0.0.0:0', authKey: 'üüüü' });
    (await watched(connect(listener.address, { authKey: Buffer.from('üüüü') }))).close();
    await assert.rejects(watched(connect(listener.address)), AuthenticationError);
    using open = new Listener();
    await assert.rejects(watched(connect(open.address, { authKey: KEY })), AuthenticationError);
  });

  test('a key of another kind is refused', () => {
    assert.throws(() => new Listener({ authKey: 5 as never }), TypeError);
  });
});

describe('TestWait', () => {
  test('test_wait_timeout', async () => {
    const [a, b] = pipe();
    assert.deepEqual(await wait([a, b], { timeout: 10 }), []);
    await b.send(null);
    assert.deepEqual(await wait([a, b], LONG), [a]);
    assert.deepEqual(await wait([a, b], { timeout: 0 }), [a]);
    assert.deepEqual(await wait([]), []);
    assert.rejects(wait([a], { timeout: -1 }), RangeError);
  });

  test('test_wait_integer: a sentinel among connections', async () => {
    const [a, b] = pipe();
    const [gate, latch] = pipe();
    const child = new Process({ target: (end: Connection) => end.recvSync(), args: [gate] });
    child.start();
    const waiting = wait([a, child.sentinel, b]);
    await latch.send('go');
    assert.deepEqual(await watched(waiting), [child.sentinel]);
    await a.send(null);
    assert.deepEqual(await wait([a, child.sentinel, b]), [child.sentinel, b]);
    await b.send(null);
    assert.deepEqual(await wait([a, child.sentinel, b]), [a, child.sentinel, b]);
  });
});

describe('TestIgnoreEINTR', () => {
  test('test_ignore: a signal in the middle of blocked calls does no harm', async () => {
    using listener = new Listener();
    const child = start(async (where: string) => {
      const { connect } = await import('multiproc/connection');
      process.on('SIGUSR1', () => {});
      const client = await connect(where);
      client.sendSync('ready');
      const first = client.recvSync();
      client.sendBytesSync(new Uint8Array(2 ** 21).fill(120));
      client.sendSync(first);
      client.close();
    }, listener.address as string);
    const served = await watched(listener.accept());
    assert.equal(await watched(served.recv()), 'ready');
    const shake = async () => {
      for (let i = 0; i < 5; i++) {
        process.kill(child.pid!, 'SIGUSR1');
        await setTimeout(5);
      }
    };
    await shake();
    await served.send(1234);
    await shake();
    assert.equal((await watched(served.recvBytes())).length, 2 ** 21);
    assert.equal(await watched(served.recv()), 1234);
    await child.join();
    assert.equal(child.exitCode, 0);
    served.close();
  });
});
