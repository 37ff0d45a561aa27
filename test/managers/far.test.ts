import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AuthenticationError, EndOfStreamError, Pool, RemoteError, StateError } from 'multiproc';
import {
  type BaseProxy,
  type DictProxy,
  ListProxy,
  type LockProxy,
  Manager,
  type QueueProxy,
} from 'multiproc/managers';
import { type Program, start } from '../process/program.ts';

class Shared extends Manager {
  declare getQueue: () => QueueProxy<unknown>;
  declare getLock: () => LockProxy;
  declare getDict: () => DictProxy<string, unknown>;
  declare getList: () => ListProxy<unknown>;
  declare getCounter: () => BaseProxy & { add(n: number): Promise<number>; pid(): Promise<number> };
  declare stop: () => BaseProxy & { now(): Promise<void> };
  declare unknown: () => BaseProxy & { x(): Promise<void> };
}
for (const name of ['getQueue', 'getLock', 'getDict', 'getList', 'getCounter', 'stop', 'unknown']) {
  Shared.register(name, () => ({}));
}

const authKey = 'a key of both';
const path = (name: string): string => resolve(`build/test/managers/fixtures/${name}.js`);

let server: Program;
let address: string;
let manager: Shared;

const client = (what: string): Program => start(path('client'), { args: [address, authKey, what] });

beforeEach(async () => {
  server = start(path('serve'), { args: ['127.0.0.1:0', authKey] });
  address = JSON.parse(await server.said('address '));
  manager = new Shared({ address, authKey });
  await manager.connect();
});

afterEach(async () => {
  await manager.shutdown();
  server.kill('SIGKILL');
  await server.ended;
});

describe('a server elsewhere', () => {
  test('a server elsewhere shares a queue, a lock, a dict, a list and an object of its own', async () => {
    const queue = manager.getQueue();
    await queue.put({ text: 'ünï', big: 2n ** 70n, bytes: new Uint8Array([1, 2]) });
    assert.deepEqual(await queue.get(), { text: 'ünï', big: 2n ** 70n, bytes: new Uint8Array([1, 2]) });
    const lock = manager.getLock();
    assert.equal(await lock.acquire(), true);
    assert.equal(await manager.getLock().locked(), true);
    await lock.release();
    await manager.getDict().set('a', 1);
    assert.equal(await manager.getDict().get('a'), 1);
    await manager.getList().push('x');
    assert.equal(await manager.getList().length(), 1);
    assert.equal(await manager.getCounter().add(2), 2);
    assert.equal(await manager.getCounter().add(3), 5);
    assert.notEqual(await manager.getCounter().pid(), process.pid);
    await assert.rejects(manager.unknown().x(), RemoteError);
  });

  test('a server elsewhere makes objects for its clients, nested ones too; functions go there by value', async () => {
    const dict = manager.dict<string, unknown>({ n: 1 });
    const step = 41;
    assert.equal(await dict.update('n', (n) => (n as number) + step), 42);
    await dict.set('list', manager.list([1]));
    const list = (await dict.get('list')) as ListProxy<number>;
    assert.ok(list instanceof ListProxy);
    await list.push(2);
    assert.deepEqual(await list.toArray(), [1, 2]);
    const lock = manager.rlock();
    assert.equal(await lock.with(() => lock.with(() => lock.locked())), true);
    assert.equal(await lock.locked(), false);
  });

  test('two programs share a queue until it is shut down', async () => {
    const consumer = client('consume');
    const queue = manager.getQueue();
    for (const item of [1, 'two', [3]]) await queue.put(item);
    await queue.shutdown();
    const { stdout, code } = await consumer.ended;
    assert.equal(stdout, 'item 1\nitem "two"\nitem [3]\n');
    assert.equal(code, 0);
  });

  test('a proxy goes on to the processes of the client', async () => {
    const { stdout, code, stderr } = await client('count in a pool').ended;
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(
      new Map(JSON.parse(stdout.replace('counted ', ''))),
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    );
    assert.equal(await manager.getDict().get('a'), 2);
  });

  test('a proxy that goes on to a process says what cannot be sent, and when the server is gone', async () => {
    const list = manager.list<unknown>([1]);
    await list.length();
    await using pool = new Pool(1);
    const refused = async (l: typeof list) => await l.push(Symbol('mine')).then(String, (error: Error) => error.name);
    const pushed = async (l: typeof list) => await l.push(2).then(String, (error: Error) => error.name);
    assert.equal(await pool.apply(refused, [list]), 'SerializationError');
    for (let i = 2; i < 10; i++) assert.equal(await pool.apply(pushed, [list]), String(i));
    await using later = new Pool(1);
    await later.apply(() => {}, []);
    server.kill('SIGKILL');
    await server.ended;
    assert.equal(await later.apply(pushed, [list]), 'EndOfStreamError');
  });

  test('what a client has left in a container outlives it', async () => {
    assert.equal((await client('leave a list').ended).code, 0);
    const list = (await manager.getDict().get('list')) as ListProxy<number>;
    assert.deepEqual(await list.toArray(), [1, 2]);
  });

  test('a proxy goes through the server’s queue to another program', async () => {
    const sender = client('send a proxy');
    const queue = manager.getQueue();
    const list = (await queue.get()) as ListProxy<string>;
    assert.equal(await queue.get(), 'sent');
    await list.push('and back');
    assert.deepEqual(await list.toArray(), ['from afar', 'and back']);
    const { taskDone } = queue as unknown as { taskDone(): Promise<void> };
    await taskDone.call(queue);
    await taskDone.call(queue);
    assert.equal((await sender.ended).code, 0);
    assert.deepEqual(await list.toArray(), ['from afar', 'and back']);
  });

  test('a client that is killed gives up its lock, which is abandoned then', async () => {
    const holder = client('hold the lock');
    assert.equal(await manager.getQueue().get(), 'locked');
    const lock = manager.getLock();
    const wait = lock.acquire();
    holder.kill('SIGKILL');
    assert.equal(await wait, true);
    assert.equal(await (lock as unknown as LockProxy).abandoned(), true);
    await lock.release();
    assert.equal(await lock.abandoned(), false);
    await holder.ended;
  });

  test('a client that is killed while it waits for an item takes none', async () => {
    const waiter = client('wait for an item');
    await waiter.said('waiting');
    waiter.kill('SIGKILL');
    await waiter.ended;
    const queue = manager.getQueue();
    await queue.put('mine');
    assert.equal(await queue.get(), 'mine');
  });

  test('a server that is killed gives every call, waiting or later, a typed error', async () => {
    const queue = manager.getQueue();
    const wait = queue.get();
    wait.catch(() => {});
    await manager.getCounter().add(1);
    server.kill('SIGKILL');
    await assert.rejects(wait, EndOfStreamError);
    await assert.rejects(queue.put(1), EndOfStreamError);
    await assert.rejects(manager.getCounter().add(1), EndOfStreamError);
  });

  test('a server that shuts down ends serveForever, and its clients', async () => {
    const queue = manager.getQueue();
    const wait = queue.get();
    wait.catch(() => {});
    await manager.stop().now();
    await assert.rejects(wait, EndOfStreamError);
    const { stdout, code } = await server.ended;
    assert.match(stdout, /ended\n$/);
    assert.equal(code, 0);
  });

  test('a server restarts at the same address at once; old proxies say that their objects are gone', async () => {
    const list = manager.list([1]);
    await list.length();
    await manager.stop().now();
    await server.ended;
    server = start(path('serve'), { args: [address, authKey] });
    await server.said('address ');
    await assert.rejects(list.length(), EndOfStreamError);
    const again = new Shared({ address, authKey });
    await again.connect();
    assert.equal(await again.getCounter().add(1), 1);
    await again.shutdown();
  });
});

describe('who may connect', () => {
  test('nobody connects with another key, or without one', async () => {
    for (const key of ['another key', undefined]) {
      await assert.rejects(new Shared({ address, authKey: key }).connect(), AuthenticationError);
    }
    assert.throws(() => new Shared({ address, authKey: '' }), RangeError);
  });

  test('where nobody serves, connect rejects with Node’s own error, and may be tried again', async () => {
    const nowhere = new Shared({ address: '127.0.0.1:1', authKey });
    await assert.rejects(nowhere.connect(), { code: 'ECONNREFUSED' });
    await assert.rejects(nowhere.connect(), { code: 'ECONNREFUSED' });
    const waiting = new Shared({ address, authKey });
    const connecting = waiting.connect();
    assert.throws(() => waiting.getQueue(), StateError);
    await connecting;
    await waiting.getQueue().put(1);
    await waiting.shutdown();
  });
});
