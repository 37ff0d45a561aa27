import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect as connectTcp } from 'node:net';
import { dirname } from 'node:path';
import { describe } from 'node:test';
import {
  ClosedError,
  EndOfStreamError,
  platformInfo,
  Queue,
  SerializationError,
  SharedArray,
  StateError,
  TimeoutError,
} from 'multiproc';
import { type Address, Connection, type ConnectOptions, connect, Listener } from 'multiproc/connection';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { slay, start } from '../inside.ts';
import { start as startProgram } from '../process/program.ts';
import { watched } from '../watchdog.ts';

const places: readonly [name: string, address: Address | undefined][] = [
  ['tcp', '127.0.0.1:0'],
  ['tcp by object', { host: '127.0.0.1', port: 0 }],
  ['unix', undefined],
];

/** Both ends of a connection. */
async function pair(address: Address | undefined, authKey?: string): Promise<[Connection, Connection]> {
  using listener = new Listener({ address, authKey });
  const options: ConnectOptions = { authKey };
  return await Promise.all([listener.accept(), connect(listener.address, options)]);
}

for (const [name, address] of places) {
  describe(`a connection over ${name}`, () => {
    test(`a connection over ${name} carries values and bytes both ways, in order`, async () => {
      const [a, b] = await pair(address, 'the test key');
      const big = new Uint8Array(300_000).fill(7);
      const values = [1, undefined, 'text', { deep: [new Map([[1, big]])] }, new Date(5), big, -0, [big, big]];
      const sent = values.map((value) => a.send(value));
      for (const value of values) assert.deepEqual(await watched(b.recv()), value);
      await Promise.all(sent);
      await b.sendBytes(big, { offset: 299_990 });
      assert.deepEqual(await a.recvBytes(), big.slice(299_990));
      await b.sendBytes(new ArrayBuffer(0));
      assert.equal(await a.poll({ timeout: 30_000 }), true);
      assert.deepEqual(await a.recv(), new Uint8Array(0));
      const target = new Uint8Array(5);
      await b.sendBytes(Buffer.from('abc'));
      assert.equal(await a.recvBytesInto(target, { offset: 1 }), 3);
      assert.deepEqual([...target], [0, 97, 98, 99, 0]);
      a.close();
      b.close();
    });

    test(`a connection over ${name} carries copies of what looks at a SharedArray, small and large`, async () => {
      const [a, b] = await pair(address, 'the test key');
      for (const length of [4, 100_000]) {
        const array = new SharedArray('int32', length);
        array.view.fill(7);
        await a.send([array.view, array.view.buffer]);
        const [view, buffer] = await watched(b.recv());
        assert.deepEqual(view, new Int32Array(length).fill(7));
        assert.equal(view.buffer, buffer);
        view[0] = 1;
        assert.equal(array.view[0], 7);
      }
      a.close();
      b.close();
    });

    test(`a connection over ${name} has all of a message sent before it closes, however late the other end takes it`, async () => {
      const [a, b] = await pair(address, 'the test key');
      a.send(new Uint8Array(2 ** 24)).catch(() => {});
      a.close();
      // Longer than a closed connection is kept for the other end's sake.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal((await watched(b.recv())).length, 2 ** 24);
      await assert.rejects(watched(b.recv()), EndOfStreamError);
      b.close();
    });

    test(`a connection over ${name} has Sync twins, which mix with the others`, async () => {
      const [a, b] = await pair(address, 'the test key');
      a.sendSync({ n: 1 });
      await a.send({ n: 2 });
      void a.send({ n: 3 });
      a.sendSync({ n: 4 });
      a.sendBytesSync(new Uint8Array(100_000));
      assert.deepEqual(b.recvSync(), { n: 1 });
      assert.deepEqual(await b.recv(), { n: 2 });
      assert.deepEqual(b.recvSync(), { n: 3 });
      assert.equal(b.pollSync(), true);
      assert.deepEqual(b.recvSync(), { n: 4 });
      assert.equal(b.recvBytesSync().length, 100_000);
      assert.equal(b.pollSync(), false);
      assert.equal(await b.poll(), false);
      assert.throws(() => b.recvSync({ timeout: 5 }), TimeoutError);
      a.close();
      // There the event loop tells the other end of TCP.
      if (platformInfo().platform === 'portable') await new Promise(setImmediate);
      assert.throws(() => b.recvSync(), EndOfStreamError);
      b.close();
    });

    test(`a connection over ${name} ends for the other one when it is closed, after what was sent`, async () => {
      const [a, b] = await pair(address, 'the test key');
      await a.send('last');
      a.close();
      assert.equal(a.closed, true);
      assert.equal(await b.recv(), 'last');
      await assert.rejects(watched(b.recv()), EndOfStreamError);
      await assert.rejects(watched(b.recv()), EndOfStreamError);
      await assert.rejects(b.send(1), EndOfStreamError);
      await assert.rejects(a.recv(), ClosedError);
      await assert.rejects(a.send(1), ClosedError);
      assert.throws(() => a.sendSync(1), ClosedError);
      a.close();
      b.close();
    });

    test(`a connection over ${name} hands what is too much for the system over piece by piece`, async () => {
      const [a, b] = await pair(address, 'the test key');
      const big = new Uint8Array(2 ** 25).map((_, i) => i * 31);
      const sent = Promise.all([a.send(big), a.sendBytes(big), a.send('end')]);
      assert.throws(() => a.sendSync(1), StateError);
      assert.throws(() => a.recvSync(), StateError);
      assert.deepEqual(Buffer.compare((await watched(b.recv())) as Uint8Array, big), 0);
      assert.deepEqual(Buffer.compare(await watched(b.recvBytes()), big), 0);
      assert.equal(await watched(b.recv()), 'end');
      await watched(sent);
      a.close();
      b.close();
    });
  });
}

describe('waits', () => {
  test('waits end in time and by a signal, and nothing is taken', async () => {
    const [a, b] = await pair(undefined, 'the test key');
    await assert.rejects(b.recv({ timeout: 1 }), TimeoutError);
    await assert.rejects(b.recv({ timeout: 0 }), TimeoutError);
    const stop = new AbortController();
    const aborted = b.recv({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    await a.send(1);
    assert.equal(await b.recv({ timeout: 0 }), 1);
    const first = b.recv();
    const second = b.recv();
    await a.send('one');
    await a.send('two');
    assert.deepEqual(await Promise.all([first, second]), ['one', 'two']);
    const open = b.recv();
    b.close();
    await assert.rejects(open, ClosedError);
    a.close();
  });

  test('a wait of a send ends before anything is sent, or with the connection', async () => {
    const [a, b] = await pair(undefined, 'the test key');
    const full = a.sendBytes(new Uint8Array(2 ** 24), { timeout: 50 });
    const behind = a.send('never', { timeout: 1 });
    await assert.rejects(behind, TimeoutError);
    await assert.rejects(full, TimeoutError);
    await assert.rejects(watched(b.recv()), SerializationError);
    await assert.rejects(watched(b.recv()), EndOfStreamError);
    a.close();
    b.close();
  });
});

describe('what crosses', () => {
  test('functions and instances cross only where both ends have shown the key', async () => {
    const [a, b] = await pair(undefined, 'the test key');
    const factor = 6;
    await a.send((n: number) => n * factor);
    assert.equal((await b.recv())(7), 42);
    const [c, d] = await pair(undefined);
    await assert.rejects(
      c.send({ task: () => 1 }),
      (error: SerializationError) => error.path === 'value.task' && /authKey/.test(error.message),
    );
    await c.send('fine');
    assert.equal(await d.recv(), 'fine');
    for (const end of [a, b, c, d]) end.close();
  });

  test('no shared object crosses, for it may be of another family', async () => {
    const [a, b] = await pair(undefined, 'the test key');
    const queue = new Queue();
    await assert.rejects(
      a.send({ queue }),
      (error: SerializationError) =>
        error.path === 'value.queue' && /Queue objects should only be shared/.test(error.message),
    );
    a.close();
    b.close();
  });
});

test('a listener without a key refuses to be open to other machines', () => {
  assert.throws(() => new Listener({ address: '0.0.0.0:0' }), /authKey/);
  assert.throws(() => new Listener({ address: '[::]:0' }), /authKey/);
});

test('a torn message is an error of its own, the end comes after it', async () => {
  using listener = new Listener({ address: '127.0.0.1:0' });
  const accepted = listener.accept();
  const { port } = { port: Number(String(listener.address).split(':')[1]) };
  const raw = connectTcp(port, '127.0.0.1');
  raw.on('data', () => raw.end(Buffer.from([1, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3])));
  const connection = await accepted;
  await assert.rejects(watched(connection.recv()), (error: Error) => {
    assert.ok(error instanceof SerializationError);
    return /10 bytes, of which 11 came|middle of a message/.test(error.message);
  });
  await assert.rejects(watched(connection.recv()), EndOfStreamError);
  connection.close();
});

describe('a process at the other end', () => {
  for (const [name, address] of places) {
    test(`a process at the other end over ${name} blocks in Sync calls, and 512 MB pass`, async () => {
      using _ = watchdog('512 MB', 300);
      using listener = new Listener({ address, authKey: 'the test key' });
      const child = start(async (where: Address) => {
        const { connect } = await import('multiproc/connection');
        const client = await connect(where, { authKey: 'the test key' });
        const bytes = client.recvBytesSync();
        client.sendSync({ length: bytes.length, last: bytes.at(-1) });
        client.sendBytesSync(bytes);
        client.close();
      }, listener.address);
      const served = await listener.accept();
      const big = new Uint8Array(512 * 2 ** 20);
      big[big.length - 1] = 7;
      await served.sendBytes(big);
      assert.deepEqual(await served.recv(), { length: big.length, last: 7 });
      const back = await served.recvBytes();
      assert.deepEqual([back.length, back.at(-1)], [big.length, 7]);
      await assert.rejects(served.recv(), EndOfStreamError);
      served.close();
      await child.join();
      assert.equal(child.exitCode, 0);
    });

    test(`a process at the other end over ${name} has what it did not await sent before it ends, closed or not`, async () => {
      using _ = watchdog('not awaited', 60);
      using listener = new Listener({ address, authKey: 'the test key' });
      for (const closes of [true, false]) {
        const child = start(
          async (where: Address, close: boolean) => {
            const { connect } = await import('multiproc/connection');
            const client = await connect(where, { authKey: 'the test key' });
            client.send(new Uint8Array(2 ** 25)).catch(() => {});
            if (close) client.close();
            else void client.send('second');
          },
          listener.address,
          closes,
        );
        const served = await listener.accept();
        await child.join({ timeout: 20 });
        assert.equal(((await served.recv()) as Uint8Array).length, 2 ** 25);
        if (!closes) assert.equal(await served.recv(), 'second');
        await assert.rejects(served.recv(), EndOfStreamError);
        await child.join();
        served.close();
      }
    });

    test(`a process at the other end over ${name} ends the connection when it is killed, whatever it had not read`, async () => {
      using _ = watchdog('killed', 60);
      using listener = new Listener({ address, authKey: 'the test key' });
      const child = start(async (where: Address) => {
        const { connect } = await import('multiproc/connection');
        const client = await connect(where, { authKey: 'the test key' });
        client.sendSync('last words');
        for (;;) client.pollSync({ timeout: 1e6 });
      }, listener.address);
      const served = await listener.accept();
      await served.send('unread');
      assert.equal(await served.poll({ timeout: 30_000 }), true);
      await slay(child);
      assert.equal(await served.recv(), 'last words');
      await assert.rejects(served.recv(), EndOfStreamError);
      await assert.rejects(served.send(1), EndOfStreamError);
      served.close();
    });

    test(`a process at the other end over ${name} that is killed in the middle of a message tears it`, async () => {
      using _ = watchdog('torn', 60);
      using listener = new Listener({ address, authKey: 'the test key' });
      const begun = new Queue<true>();
      const child = start(
        async (where: Address, told: Queue<true>) => {
          const { connect } = await import('multiproc/connection');
          const client = await connect(where, { authKey: 'the test key' });
          const sent = client.send(new Uint8Array(2 ** 28));
          told.putSync(true);
          await sent;
        },
        listener.address,
        begun,
      );
      const served = await listener.accept();
      await begun.get();
      await slay(child);
      await assert.rejects(served.recv(), SerializationError);
      await assert.rejects(served.recv(), EndOfStreamError);
      served.close();
    });
  }
});

test('programs that know nothing of each other talk, in data and code, but share no objects', async () => {
  using listener = new Listener({ address: '127.0.0.1:0', authKey: 'shared secret' });
  const program = `
    import { Queue } from 'multiproc';
    import { connect } from 'multiproc/connection';
    const connection = await connect(${JSON.stringify(listener.address)}, { authKey: 'shared secret' });
    for await (const task of connection) await connection.send(await task());
    const refused = await connection.send(new Queue()).catch((error) => error.name);
    console.log('refused: ' + refused);`;
  const other = startProgram('', { execArgv: ['--input-type=module', '-e', program], patience: 240 });
  // The program's own watchdog ends it, and with it these waits.
  const served = await Promise.race([listener.accept(), other.ended.then(() => assert.fail('it did not connect'))]);
  const factor = 6;
  await served.send(() => [process.pid, factor * 7]);
  assert.deepEqual(await served.recv(), [other.pid, 42]);
  served.close();
  const { stdout, stderr } = await other.ended;
  assert.match(stdout, /refused: (SerializationError|EndOfStreamError)/, stderr);
});

test('accept ends in time and by a signal, and who comes too many is turned away', async () => {
  using listener = new Listener({ backlog: 1 });
  await assert.rejects(listener.accept({ timeout: 5 }), TimeoutError);
  const stop = new AbortController();
  const aborted = listener.accept({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  const first = await connect(listener.address);
  const served = await listener.accept();
  const second = await connect(listener.address);
  await assert.rejects(watched(connect(listener.address)), EndOfStreamError);
  for (const end of [first, served, second]) end.close();
});

test('a unix socket leaves no file behind, even if a program forgot to close it', async () => {
  const report = new Queue<string>();
  const child = start(async (told: Queue<string>) => {
    const { Listener } = await import('multiproc/connection');
    for (let i = 0; i < 12; i++) told.putSync(new Listener().address as string);
  }, report);
  await child.join();
  for (let i = 0; i < 12; i++) {
    const path = report.getNowait();
    assert.ok(!existsSync(path) && !existsSync(dirname(path)), path);
  }
});

test('a socket file, or its folder, is for its user alone', () => {
  using listener = new Listener();
  const path = listener.address as string;
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('the door opens by require, too', () => {
  const door = createRequire(import.meta.url)('multiproc/connection');
  assert.equal(door.Connection, Connection);
});
