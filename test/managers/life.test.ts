import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AuthenticationError, EndOfStreamError, ProcessError, Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { type BaseProxy, Manager, type QueueProxy } from 'multiproc/managers';
import { test } from '../cases.ts';
import { cert, key } from '../connection/certificate.ts';
import { folderWith } from '../folder.ts';
import { start } from '../inside.ts';
import { runs } from '../process/program.ts';

class Known extends Manager {
  declare server: () => BaseProxy & { pid(): Promise<number>; seen(): Promise<string> };
}
Known.register('server', () => ({
  pid: () => process.pid,
  seen: () => (globalThis as unknown as { seen?: string }).seen ?? 'nothing',
}));

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

describe('the server of a manager', () => {
  test('the server of a manager serves nobody before an async initializer is through', async () => {
    await using manager = new Known({
      initializer: async () => {
        await new Promise((resolve) => globalThis.setTimeout(resolve, 100));
        (globalThis as unknown as { seen?: string }).seen = 'initialized';
      },
    });
    assert.equal(await manager.server().seen(), 'initialized');
  });

  test('the server of a manager outlives its manager while a proxy exists, and ends when none exists', async () => {
    let manager: Known | undefined = new Known();
    const pid = await manager.server().pid();
    let list: BaseProxy | undefined = manager.list([1]);
    manager = undefined;
    for (let i = 0; i < 5; i++) {
      collect();
      await setTimeout(1);
    }
    assert.equal(await (list as ReturnType<Manager['list']>).length(), 1);
    list = undefined;
    while (runs(pid)) {
      collect();
      await setTimeout(1);
    }
  });

  test('the server of a manager hears what was asked of it before its manager was collected', async () => {
    const list = new Manager().list([1]);
    collect();
    await setTimeout(1);
    collect();
    assert.equal(await list.length(), 1);
  });

  test('the server of a manager that was collected while the server could not begin yet: a call that waits gets the reason', async () => {
    const gate = new Queue<number>();
    const initializer = async (open: Queue<number>) => {
      await open.get();
      throw new RangeError('not today');
    };
    const begin = () => {
      const manager = new Manager({ initializer, initargs: [gate] });
      return [new WeakRef(manager), manager.list([1]).length()] as const;
    };
    const [manager, length] = begin();
    const isRejected = assert.rejects(length, /could not begin: not today/);
    do {
      // In a turn of its own: a look keeps the manager until the end of its turn.
      await setTimeout(1);
      collect();
      await setTimeout(1);
    } while (manager.deref() !== undefined);
    // What collects it runs behind this turn.
    await setTimeout(10);
    await gate.put(1);
    await isRejected;
  });

  test('the server of a manager that is killed before it began rejects the calls', async () => {
    const initializer = () => void process.kill(process.pid, 'SIGKILL');
    const manager = new Manager({ initializer });
    const queue = manager.queue();
    await assert.rejects(queue.get(), EndOfStreamError);
    await assert.rejects(queue.put(1), EndOfStreamError);
    await assert.rejects(manager.list([1]).length(), EndOfStreamError);
    await manager.shutdown();
    assert.throws(() => new Manager({ address: '127.0.0.1:0', initializer }).start(), ProcessError);
  });

  test('the server of a manager that is killed while it imports what it needs rejects the calls', async () => {
    // Functions of packages are taken from the package, by an import.
    const path = 'node_modules/dies/index.mjs';
    const body = `if (process.pid !== ${process.pid}) process.kill(process.pid, 'SIGKILL');\nexport function initializer() {}\n`;
    const { initializer } = await import(`${folderWith({ [path]: body })}/${path}`);
    const manager = new Manager({ initializer });
    await assert.rejects(manager.queue().get(), EndOfStreamError);
    await manager.shutdown();
  });

  test('the server of a manager that is killed: calls that wait and later ones get an EndOfStreamError, here and in another process', async () => {
    const manager = new Known();
    const pid = await manager.server().pid();
    const [queue, lock, barrier] = [manager.queue<number>(), manager.lock(), manager.barrier(2)];
    const condition = manager.condition();
    await lock.acquire();
    await condition.acquire();
    const waits = [queue.get(), lock.acquire(), barrier.wait(), condition.wait()];
    for (const wait of waits) wait.catch(() => {});
    const said = new Queue<string>();
    const other = start(
      async (q: typeof queue, s: typeof said) => {
        await q.qsize();
        const wait = q.get().catch((error) => error.code);
        s.putSync('waits');
        s.putSync(await wait);
        s.putSync(await q.put(1).catch((error) => error.code));
      },
      queue,
      said,
    );
    assert.equal(await said.get(), 'waits');
    process.kill(pid, 'SIGKILL');
    for (const wait of waits) await assert.rejects(wait, EndOfStreamError);
    await assert.rejects(queue.qsize(), EndOfStreamError);
    assert.deepEqual([await said.get(), await said.get()], ['ERR_END_OF_STREAM', 'ERR_END_OF_STREAM']);
    await other.join();
    await manager.shutdown();
  });

  test('many managers in one program do not add up listeners', async () => {
    const managers = Array.from({ length: 3 }, () => new Manager());
    await managers[0]!.list().length();
    const before = process.listenerCount('exit');
    await Promise.all(managers.map((manager) => manager.list([1]).length()));
    assert.equal(process.listenerCount('exit'), before);
    await Promise.all(managers.map((manager) => manager.shutdown()));
  });

  test('the server of a manager is gone when any call of shutdown() is answered', async () => {
    const manager = new Known();
    const pid = await manager.server().pid();
    void manager.shutdown();
    await manager.shutdown();
    assert.equal(runs(pid), false);
  });
});

describe('a manager with an address', () => {
  test('a manager with an address listens when start() is through', async () => {
    for (const address of ['127.0.0.1:0', `/tmp/multiproc-test-${process.pid}.sock`]) {
      await using manager = new Manager({ address });
      manager.start();
      const client = start(async (where: string | object) => {
        const other = new Manager({ address: where as string });
        await other.connect();
        if ((await other.list([1]).length()) !== 1) process.exit(1);
        await other.shutdown();
      }, manager.address!);
      await client.join();
      assert.equal(client.exitCode, 0);
    }
  });

  test('a manager with an address throws where another listens, and may be started when that is gone', async () => {
    const first = new Manager({ address: '127.0.0.1:0' });
    first.start();
    const second = new Manager({ address: first.address! });
    assert.throws(() => second.start(), { code: 'EADDRINUSE' });
    await first.shutdown();
    second.start();
    assert.equal(await second.list([1]).length(), 1);
    await second.shutdown();
  });

  test('a manager that is asked for its address afterwards has a socket of this user’s own', async () => {
    await using manager = new Manager();
    const list = manager.list([1]);
    const other = new Manager({ address: manager.address! });
    await other.connect();
    await other.shutdown();
    assert.equal(await list.length(), 1);
  });

  test('a manager with an address speaks tls', async () => {
    await using manager = new Manager({ address: 'localhost:0', tls: { cert, key } });
    manager.start();
    const client = start(
      async (address: string, ca: string) => {
        const { Manager } = await import('multiproc/managers');
        const other = new Manager({ address, tls: { ca } });
        await other.connect();
        if ((await other.list([1]).length()) !== 1) process.exit(1);
        await other.shutdown();
      },
      manager.address as string,
      cert,
    );
    await client.join();
    assert.equal(client.exitCode, 0);
  });
});

describe('connect', () => {
  test('two managers of a program share the way there: each leaves for itself', async () => {
    await using manager = new Manager({ address: '127.0.0.1:0', authKey: 'the test key' });
    manager.start();
    const child = start(async (address: string) => {
      const { Manager } = await import('multiproc/managers');
      const [a, b] = [
        new Manager({ address, authKey: 'the test key' }),
        new Manager({ address, authKey: 'the test key' }),
      ];
      await a.connect();
      await b.connect();
      await a.shutdown();
      if ((await b.list([1]).length()) !== 1) process.exit(1);
      await b.shutdown();
    }, manager.address as string);
    await child.join();
    assert.equal(child.exitCode, 0);
  });

  test('connect says so where no manager is', async () => {
    using listener = new Listener({ address: '127.0.0.1:0', authKey: 'the test key' });
    const accepted = listener.accept();
    const connecting = new Manager({ address: listener.address, authKey: 'the test key' }).connect();
    connecting.catch(() => {});
    const connection = await accepted;
    await connection.send('hello');
    await assert.rejects(connecting, ProcessError);
    await assert.rejects(connection.recv(), EndOfStreamError);
  });
});

test('a proxy through a connection to one who is not connected to its manager: a StateError, and the connection goes on', async () => {
  await using manager = new Manager();
  using listener = new Listener({ address: '127.0.0.1:0', authKey: 'the test key' });
  const child = start(async (address: string) => {
    const other = await connect(address, { authKey: 'the test key' });
    const first: unknown = await other.recv().catch((error: Error) => error.name);
    await other.send([first, await other.recv()]);
  }, listener.address as string);
  const connection = await listener.accept();
  await connection.send(manager.list([1]));
  await connection.send('more');
  assert.deepEqual(await connection.recv(), ['StateError', 'more']);
  await child.join();
});

/** Another user of the queue is always a little quicker, and gives back what it took. */
class Rivalled extends Queue<number> {
  override full(): boolean {
    const isFull = super.full();
    if (!isFull) {
      super.putNowait(0);
      globalThis.setTimeout(() => super.getNowait(), 1);
    }
    return isFull;
  }
  override empty(): boolean {
    const isEmpty = super.empty();
    if (!isEmpty) {
      const item = super.getNowait();
      globalThis.setTimeout(() => super.putNowait(item), 1);
    }
    return isEmpty;
  }
}

test('a shared queue is waited for also where another of its users is quicker', async () => {
  class Sharing extends Manager {
    declare shared: () => QueueProxy<number>;
  }
  Sharing.register('shared', () => {
    const server = globalThis as unknown as { rivalled?: Rivalled };
    return (server.rivalled ??= new Rivalled(1));
  });
  await using manager = new Sharing();
  await manager.shared().put(7);
  assert.equal(await manager.shared().get(), 7);
});

describe('serveForever', () => {
  test('serveForever initializes before it listens; if that fails it may be called again', async () => {
    let isReady = false;
    const manager = new Manager({
      address: '127.0.0.1:0',
      authKey: 'the test key',
      initializer: async () => {
        await setTimeout(1);
        if (!isReady) throw new RangeError('not ready');
      },
    });
    await assert.rejects(manager.serveForever(), RangeError);
    isReady = true;
    const served = manager.serveForever();
    const list = manager.list([1]);
    assert.equal(await list.length(), 1);
    const stranger = new Manager({ address: manager.address!, authKey: 'another key' });
    await assert.rejects(stranger.connect(), AuthenticationError);
    await manager.shutdown();
    await served;
  });
});
