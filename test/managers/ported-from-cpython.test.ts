/**
 * Cases of CPython's own tests of multiprocessing.managers (Lib/test/_test_multiprocessing.py: _TestMyManager, _TestContainers,
 * _TestRemoteManager, _TestManagerRestart, TestSyncManagerTypes, _TestZZZNumberOfObjects), written anew for this library. CPython is
 * Copyright (c) 2001 Python Software Foundation, under the PSF licence.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ClosedError, Event, JoinableQueue, ProcessError, RemoteError, StateError } from 'multiproc';
import { BaseManager, type BaseProxy, type Factory, Manager, type QueueProxy } from 'multiproc/managers';
import { Queue as LocalQueue } from 'multiproc/queue';
import { start } from '../inside.ts';

class FooBar {
  f(): string {
    return 'f()';
  }
  g(): never {
    throw new RangeError('g');
  }
  _h(): string {
    return '_h()';
  }
}

function* baz(): Generator<number> {
  for (let i = 0; i < 10; i++) yield i * i;
}

type Reached = BaseProxy & { f(): Promise<string>; g(): Promise<never>; _h(): Promise<string> };

class MyManager extends BaseManager {
  declare foo: () => Reached;
  declare bar: () => Reached;
  declare baz: () => BaseProxy & AsyncIterable<number>;
}
MyManager.register('foo', FooBar);
MyManager.register('bar', FooBar, { exposed: ['f', '_h'] });
MyManager.register('baz', baz);

async function useMyManager(manager: MyManager): Promise<void> {
  const [foo, bar] = [manager.foo(), manager.bar()];
  assert.equal(await foo.f(), 'f()');
  await assert.rejects(foo.g(), { name: 'RangeError', message: 'g' });
  await assert.rejects(foo._h(), RemoteError);
  assert.equal(await bar.f(), 'f()');
  assert.equal(await bar._h(), '_h()');
  await assert.rejects(bar.g(), RemoteError);
  const seen: number[] = [];
  for await (const each of manager.baz()) seen.push(each);
  assert.deepEqual(seen, [...baz()]);
}

describe('M01, M02 _TestMyManager', () => {
  test('test_mymanager', async () => {
    const manager = new MyManager();
    manager.start();
    await useMyManager(manager);
    await manager.shutdown();
    await manager.shutdown();
  });

  test('test_mymanager_context', async () => {
    await using manager = new MyManager();
    await useMyManager(manager);
  });

  test('test_mymanager_context_prestarted', async () => {
    const manager = new MyManager();
    manager.start();
    {
      await using _ = manager;
      await useMyManager(manager);
    }
    assert.throws(() => manager.foo(), ClosedError);
  });
});

class QueueManager extends BaseManager {
  declare getQueue: () => QueueProxy<unknown>;
}
QueueManager.register('getQueue', () => ({}));

class QueueServer extends BaseManager {
  declare getQueue: () => QueueProxy<unknown>;
}
QueueServer.register('getQueue', () => {
  const shared = globalThis as unknown as { queue?: LocalQueue<unknown> };
  return (shared.queue ??= new LocalQueue());
});

const putter = async (address: string, authKey: string, items: unknown[]) => {
  const manager = new QueueManager({ address, authKey });
  await manager.connect();
  const queue = manager.getQueue();
  for (const item of items) await queue.put(item);
  await manager.shutdown();
};

describe('_TestRemoteManager', () => {
  const values = [
    'hello world',
    null,
    true,
    2.25,
    'hall\u00e5 v\u00e4rlden',
    '\u043f\u0440\u0438\u0432\u0456\u0442',
    Buffer.from('bytes'),
  ];

  test('test_remote', async () => {
    await using server = new QueueServer({ address: 'localhost:0', authKey: 'a long key' });
    server.start();
    const client = new QueueManager({ address: server.address!, authKey: 'a long key' });
    await client.connect();
    const queue = client.getQueue();
    const child = start(putter, server.address as string, 'a long key', [values]);
    assert.deepEqual(await queue.get(), values);
    await child.join();
    // What cannot be sent is refused, and harms nothing.
    await assert.rejects(queue.put(Symbol('time')));
    assert.equal(await queue.empty(), true);
    await client.shutdown();
  });
});

describe('M04 _TestManagerRestart', () => {
  test('test_rapid_restart', async () => {
    const manager = new QueueServer({ address: 'localhost:0', authKey: 'a long key' });
    manager.start();
    const address = manager.address as string;
    const child = start(putter, address, 'a long key', ['hello world']);
    const queue = manager.getQueue();
    assert.equal(await queue.get(), 'hello world');
    await child.join();
    await manager.shutdown();
    const again = new QueueServer({ address, authKey: 'a long key' });
    again.start();
    assert.equal(again.address, address);
    assert.equal(await again.getQueue().empty(), true);
    await again.shutdown();
  });
});

const manager = new Manager();
after(() => manager.shutdown());

describe('M05, M07 _TestContainers', () => {
  test('test_list', async () => {
    const a = manager.list([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(await a.slice(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const b = manager.list<number>();
    assert.deepEqual(await b.slice(), []);
    await b.push(0, 1, 2, 3, 4);
    assert.equal(await b.at(2), 2);
    assert.deepEqual(await b.slice(2, 10), [2, 3, 4]);
    await b.push(...(await b.toArray()));
    assert.deepEqual(await b.toArray(), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    const e = manager.list([a, b]);
    assert.deepEqual(await Promise.all((await e.toArray()).map((each) => each.length())), [10, 10]);
    const f = manager.list([a]);
    await a.push(10);
    assert.deepEqual(await (await f.at(0))!.slice(-2), [9, 10]);
  });

  test('test_list_iter', async () => {
    const a = manager.list([0, 1, 2, 3]);
    const seen: number[] = [];
    for await (const each of a) {
      seen.push(each);
      await a.push(each + 10);
    }
    assert.deepEqual(seen, [0, 1, 2, 3]);
    assert.equal(await a.length(), 8);
  });

  test('test_list_proxy_in_list', async () => {
    const a = manager.list([0, 1, 2].map(() => manager.list([0, 1, 2])));
    for (const inner of await a.toArray()) assert.deepEqual(await inner.toArray(), [0, 1, 2]);
    await (await a.at(0))!.push(55);
    assert.deepEqual(await (await a.at(0))!.toArray(), [0, 1, 2, 55]);
    assert.deepEqual(await (await a.at(1))!.toArray(), [0, 1, 2]);
    assert.equal(await (await a.at(1))!.pop(), 2);
    assert.equal(await (await a.at(1))!.length(), 2);
    assert.equal(await (await a.at(2))!.length(), 3);
    // What was held by the list alone goes with it.
    const b = manager.list<unknown>();
    await b.push(b);
    assert.equal(await b.at(0), b);
  });

  test('test_dict', async () => {
    const d = manager.dict<number, string>();
    const indices = Array.from({ length: 6 }, (_, i) => 65 + i);
    for (const i of indices) await d.set(i, String.fromCharCode(i));
    assert.deepEqual(await d.copy(), new Map(indices.map((i) => [i, String.fromCharCode(i)])));
    assert.deepEqual(await d.keys(), indices);
    assert.deepEqual(await d.values(), [...'ABCDEF']);
    assert.deepEqual((await d.entries())[0], [65, 'A']);
  });

  test('test_dict_iter: the entries of the beginning, whatever happens to the dict meanwhile', async () => {
    const d = manager.dict<number, string>([
      [65, 'A'],
      [66, 'B'],
    ]);
    const iterator = d[Symbol.asyncIterator]();
    assert.deepEqual((await iterator.next()).value, [65, 'A']);
    await d.clear();
    assert.deepEqual((await iterator.next()).value, [66, 'B']);
    assert.equal((await iterator.next()).done, true);
  });

  test('test_dict_proxy_nested', async () => {
    const pets = manager.dict<string, number>({ ferrets: 2, hamsters: 4 });
    const supplies = manager.dict<string, number>({ water: 10, feed: 3 });
    const d = manager.dict({ pets, supplies });
    assert.equal(await (await d.get('supplies'))!.get('water'), 10);
    await (await d.get('supplies'))!.set('blankets', 5);
    assert.equal(await supplies.get('blankets'), 5);
    await (await d.get('supplies'))!.set('water', 7);
    assert.equal(await supplies.get('water'), 7);
    await d.delete('pets');
    assert.equal(await pets.get('ferrets'), 2);
    assert.deepEqual(await (await d.get('supplies'))!.keys(), ['water', 'feed', 'blankets']);
  });

  test('test_nested_queue', async () => {
    const a = manager.list<QueueProxy<number>>();
    await a.push(manager.queue<number>());
    await (await a.at(0))!.put(123);
    assert.equal(await (await a.at(0))!.get(), 123);
    const b = manager.dict<number, QueueProxy<number>>();
    await b.set(0, manager.queue<number>());
    await (await b.get(0))!.put(456);
    assert.equal(await (await b.get(0))!.get(), 456);
  });

  test('test_namespace', async () => {
    const n = manager.namespace<{ name?: string; job?: string }>({ name: 'Bob', job: 'Builder' });
    await assert.rejects(n.set('_hidden' as never, 'hidden' as never), RemoteError);
    await n.delete('job');
    assert.deepEqual(await n.copy(), { name: 'Bob' });
    assert.equal(await n.has('name'), true);
    assert.equal(await n.has('job'), false);
  });
});

/** Starts `use` in a child with the proxy, and expects it to end well. */
async function inChild<P extends BaseProxy>(proxy: P, use: (proxy: P) => Promise<void>): Promise<void> {
  const child = start(use, proxy);
  await child.join();
  assert.equal(child.exitCode, 0);
}

describe('M08 TestSyncManagerTypes', () => {
  test('test_event', async () => {
    const event = manager.event();
    await inChild(event, (e) => e.set());
    assert.equal(await event.isSet(), true);
    assert.equal(await event.wait({ timeout: 1 }), true);
    await event.clear();
    assert.equal(await event.wait({ timeout: 1 }), false);
  });

  test('test_lock: acquired in a child that lives, it is released here, once', async () => {
    const lock = manager.lock();
    const [taken, done] = [new Event(), new Event()];
    const child = start(
      async (l: typeof lock, t: Event, d: Event) => {
        await l.acquire();
        t.set();
        await d.wait();
      },
      lock,
      taken,
      done,
    );
    await taken.wait();
    assert.equal(await lock.locked(), true);
    await lock.release();
    await assert.rejects(lock.release(), StateError);
    done.set();
    await child.join();
  });

  test('test_rlock', async () => {
    const lock = manager.rlock();
    await inChild(lock, async (l) => {
      await l.acquire();
      await l.acquire();
      await l.release();
      await l.release();
    });
    await assert.rejects(lock.release(), StateError);
  });

  for (const kind of ['semaphore', 'boundedSemaphore'] as const) {
    test(`test_${kind}`, async () => {
      const semaphore = manager[kind](2);
      await inChild(semaphore, async (s) => {
        await s.acquire();
        await s.acquire();
        await s.release();
        await s.release();
      });
      assert.equal(await semaphore.getValue(), 2);
      if (kind === 'boundedSemaphore') await assert.rejects(semaphore.release(), StateError);
      else await semaphore.release();
    });
  }

  test('test_condition', async () => {
    const condition = manager.condition();
    await inChild(condition, async (c) => {
      await c.acquire();
      await c.release();
    });
    await assert.rejects(condition.release(), StateError);
    await assert.rejects(condition.wait(), StateError);
  });

  test('test_barrier', async () => {
    const barrier = manager.barrier(5);
    assert.equal(await barrier.parties(), 5);
    assert.equal(await barrier.nWaiting(), 0);
    await inChild(barrier, async (b) => {
      await b.abort();
    });
    assert.equal(await barrier.broken(), true);
  });

  test('test_pool', async () => {
    const pool = manager.pool(4);
    const child = start(async (p: typeof pool) => {
      const squares = await p.map((x: number) => x * x, [0, 1, 2, 3, 4]);
      if (squares.join() !== '0,1,4,9,16') process.exit(1);
      const result = await p.applyAsync((x: number) => x * x, [7]);
      if ((await result.get()) !== 49) process.exit(1);
    }, pool);
    await child.join();
    assert.equal(child.exitCode, 0);
    await pool.close();
    await assert.rejects(pool.map((x: number) => x, [1]));
  });

  test('test_queue', async () => {
    const queue = manager.queue<number | null>(2);
    await inChild(queue, async (q) => {
      await q.put(1);
      await q.put(null);
    });
    assert.equal(await queue.full(), true);
    await assert.rejects(queue.putNowait(3), { name: 'Full' });
    assert.equal(await queue.get(), 1);
    assert.equal(await queue.get(), null);
    assert.equal(await queue.empty(), true);
    await assert.rejects(queue.getNowait(), { name: 'Empty' });
  });

  test('test_joinable_queue', async () => {
    const queue = manager.joinableQueue<string>();
    await inChild(queue, async (q) => {
      await q.put('an item');
      if ((await q.get()) !== 'an item') process.exit(1);
      await q.taskDone();
    });
    await queue.join();
    await assert.rejects(queue.taskDone(), StateError);
  });

  test('test_list, test_dict', async () => {
    const list = manager.list([0]);
    await inChild(list, async (l) => {
      if ((await l.at(0)) !== 0) process.exit(1);
      await l.push(1);
      await l.shift();
    });
    assert.deepEqual(await list.toArray(), [1]);
    const dict = manager.dict<string, number>();
    await inChild(dict, (d) => d.set('key', 0));
    assert.deepEqual(await dict.entries(), [['key', 0]]);
  });

  test('test_value, test_array, test_namespace', async () => {
    const value = manager.value(1);
    await inChild(value, (v) => v.set(2));
    assert.equal(await value.get(), 2);
    const array = manager.array([0, 1]);
    await inChild(array, (a) => a.set(0, -1));
    assert.deepEqual(await array.toArray(), [-1, 1]);
    const space = manager.namespace({ x: 0, y: 1 });
    await inChild(space, (n) => n.set('x', 10));
    assert.deepEqual(await space.copy(), { x: 10, y: 1 });
  });
});

describe('M09 start', () => {
  test('test_manager_initializer: runs it once, in the server, with its arguments', async () => {
    assert.throws(() => new Manager({ initializer: 1 as never }), TypeError);
    const calls = new JoinableQueue<number>();
    const initializer = (queue: typeof calls, n: number) => queue.putSync(n);
    await using mine = new Manager({ initializer, initargs: [calls, 12] });
    mine.start();
    assert.equal(await calls.get(), 12);
    assert.equal(await mine.list([1]).length(), 1);
    assert.equal(calls.empty(), true);
  });

  test('test_manager_initializer: one that fails, fails the start', () => {
    const initializer = () => process.exit(3);
    assert.throws(() => new Manager({ address: '127.0.0.1:0', initializer }).start(), ProcessError);
  });
});

describe('_TestZZZNumberOfObjects', () => {
  test('a factory that is typed by its class makes as many objects as it is called', async () => {
    class Counting extends BaseManager {
      declare counted: Factory<typeof Counted>;
    }
    const made = { count: 0 };
    class Counted {
      readonly #number = ++made.count;
      number(): number {
        return this.#number;
      }
    }
    Counting.register('counted', Counted);
    await using counting = new Counting();
    const numbers = await Promise.all([1, 2, 3].map(() => counting.counted().number()));
    assert.deepEqual(numbers, [1, 2, 3]);
    assert.equal(made.count, 0);
  });
});
