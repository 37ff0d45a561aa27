import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe } from 'node:test';
import { Barrier, Event, Process, Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { slay, start } from '../inside.ts';
import { watched } from '../watchdog.ts';

const folder = folderWith();
let made = 0;
const freshPath = () => `${folder}/${made++}`;

/** A path whose socket belongs to a program that was killed. */
async function stalePath(): Promise<string> {
  const path = freshPath();
  const listens = new Event();
  const victim = start(
    async (address: string, ready: Event) => {
      const listener = new Listener({ address });
      ready.set();
      await listener.accept();
    },
    path,
    listens,
  );
  await watched(listens.wait());
  await slay(victim);
  assert.ok(existsSync(path));
  return path;
}

async function assertServes(listener: Listener): Promise<void> {
  const [served, client] = await watched(Promise.all([listener.accept(), connect(listener.address)]));
  await client.send('hello');
  assert.equal(await watched(served.recv()), 'hello');
  served.close();
  client.close();
}

describe('the socket of a killed listener', () => {
  test('the socket of a killed listener is replaced by the next one', async () => {
    const path = await stalePath();
    await assert.rejects(connect(path), { code: 'ECONNREFUSED' });
    using listener = new Listener({ address: path });
    await assertServes(listener);
  });

  test('the socket of a killed listener is replaced by one of all that begin at once', async () => {
    const path = await stalePath();
    const parties = 4;
    const begin = new Barrier(parties);
    const end = new Barrier(parties);
    const outcomes = new Queue<string>();
    const starters = Array.from({ length: parties }, () =>
      start(
        async (address: string, first: Barrier, last: Barrier, out: Queue<string>) => {
          first.waitSync();
          try {
            using _ = new Listener({ address });
            await out.put('listens');
            await last.wait();
          } catch (error) {
            await out.put((error as { code: string }).code);
            await last.wait();
          }
        },
        path,
        begin,
        end,
        outcomes,
      ),
    );
    const found: string[] = [];
    for (const _ of starters) found.push(await watched(outcomes.get()));
    assert.deepEqual(found.sort(), ['EADDRINUSE', 'EADDRINUSE', 'EADDRINUSE', 'listens']);
    for (const starter of starters) await watched(starter.join());
  });
});

describe('what is not stale stays', () => {
  const inUse = { code: 'EADDRINUSE', message: /another program has this socket/ };

  test('a listener that is alive keeps its path, and does not notice that another wants it', async () => {
    const address = freshPath();
    using listener = new Listener({ address });
    assert.throws(() => new Listener({ address }), inUse);
    assert.equal(listener.failures, 0);
    await assertServes(listener);
  });

  test('a server of another program and a file keep their path', async () => {
    const path = freshPath();
    const server = createServer().listen(path);
    assert.throws(() => new Listener({ address: path }), inUse);
    server.close();
    const file = freshPath();
    writeFileSync(file, 'kept');
    assert.throws(() => new Listener({ address: file }), inUse);
    assert.ok(existsSync(file));
  });

  test('the socket of another listener at the same path stays when the first one is closed', async () => {
    const address = freshPath();
    const first = new Listener({ address });
    rmSync(address);
    using second = new Listener({ address });
    first.close();
    await assertServes(second);
  });
});

describe('a path that is longer than the kernel takes', () => {
  const long = `${folder}/${'a'.repeat(150)}/${'b'.repeat(150)}`;
  mkdirSync(long, { recursive: true });

  test('a path that is longer than the kernel takes is an address like any other', async () => {
    const address = `${long}/socket`;
    {
      using listener = new Listener({ address });
      assert.equal(listener.address, address);
      assert.throws(() => new Listener({ address }), { code: 'EADDRINUSE' });
      await assertServes(listener);
    }
    assert.equal(existsSync(address), false);
    await assert.rejects(connect(address), { code: 'ENOENT' });
    assert.throws(() => new Listener({ address: `${long}/${'c'.repeat(100)}` }), RangeError);
  });

  test('a path that is longer than the kernel takes may be that of TMPDIR', async () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = long;
    try {
      using listener = new Listener();
      assert.equal(dirname(dirname(listener.address as string)), long);
      await assertServes(listener);
      await using manager = new Manager();
      const list = manager.list([1, 2]);
      const child = new Process({ target: (there: typeof list) => there.push(3), args: [list] });
      child.start();
      await watched(child.join());
      assert.equal(await list.length(), 3);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});
