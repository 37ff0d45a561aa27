// What a program is told when an object is deleted, lost, full, of another key or kind, or out of its reach.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { AuthenticationError, ClosedError, StateError } from 'multiproc';
import { Cluster, LeaseLostError } from 'multiproc/cluster';
import { FaultyProxy } from './faulty-proxy.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

/** Makes one object of each type with a name, and a call of it. */
const OBJECTS: Record<string, (cluster: Cluster, name: string) => Promise<unknown>> = {
  queue: (cluster, name) => cluster.queue(2, { name }).qsize(),
  joinableQueue: (cluster, name) => cluster.joinableQueue(2, { name }).qsize(),
  redelivers: (cluster, name) => cluster.joinableQueue(2, { name, redeliver: true }).qsize(),
  lock: (cluster, name) => cluster.lock({ name }).tryAcquire(),
  rlock: (cluster, name) => cluster.rlock({ name }).tryAcquire(),
  semaphore: (cluster, name) => cluster.semaphore(2, { name }).tryAcquire(),
  boundedSemaphore: (cluster, name) => cluster.boundedSemaphore(2, { name }).tryAcquire(),
  event: (cluster, name) => cluster.event({ name }).isSet(),
  barrier: (cluster, name) => cluster.barrier(2, { name }).broken(),
  dict: (cluster, name) => cluster.dict([['a', 1]], { name }).get('a'),
  value: (cluster, name) => cluster.value(1, { name }).get(),
};

describe('failures of objects', { skip, timeout: 120_000 }, () => {
  let server: RedisServer;
  const made: Cluster[] = [];
  const open = (options: object = {}) => {
    const one = new Cluster({ url: server.url, key, ...options });
    made.push(one);
    return one;
  };
  before(async () => {
    server = await new RedisServer().start();
  });
  after(async () => {
    for (const each of made) await each.shutdown();
    await server.remove();
  });

  test('a name in use for another type, or with another bound, is a StateError here and in another program', async () => {
    const [one, two] = [open(), open()];
    for (const [type, make] of Object.entries(OBJECTS)) await make(one, type);
    for (const [type, make] of Object.entries(OBJECTS)) {
      for (const name of Object.keys(OBJECTS)) {
        if (name === type) continue;
        await assert.rejects(make(one, name), StateError, `${type} by the name of a ${name}, here`);
        await assert.rejects(make(two, name), StateError, `${type} by the name of a ${name}, there`);
      }
    }
    for (const cluster of [one, two]) {
      await assert.rejects(cluster.queue(3, { name: 'queue' }).qsize(), StateError);
      await assert.rejects(cluster.boundedSemaphore(3, { name: 'boundedSemaphore' }).getValue(), StateError);
      await assert.rejects(cluster.barrier(3, { name: 'barrier' }).broken(), StateError);
      assert.equal(await cluster.value(7, { name: 'value' }).get(), 1);
      assert.equal(await cluster.dict([['a', 7]], { name: 'dict' }).get('a'), 1);
    }
  });

  test('another key is named by the error of each type, and nothing is changed', async () => {
    const [mine, strange, none] = [
      open({ namespace: 'keys' }),
      open({ namespace: 'keys', key: 'another key' }),
      open({ namespace: 'keys', key: undefined }),
    ];
    for (const [type, make] of Object.entries(OBJECTS)) await make(mine, type);
    await mine.queue(2, { name: 'queue' }).put(1);
    const before = await everything(server, 'mp:keys:*');
    for (const [type, make] of Object.entries(OBJECTS)) {
      for (const cluster of [strange, none]) {
        await assert.rejects(make(cluster, type), (error) => {
          assert.ok(error instanceof AuthenticationError, `${type}: ${error}`);
          assert.match(error.message, /another key \(fingerprint [\w-]{16}, and this program's is ([\w-]{16}|none)\)/);
          return true;
        });
      }
    }
    assert.deepEqual(await everything(server, 'mp:keys:*'), before);
  });

  test('what waits for a deleted object gets a ClosedError, what is held is lost', async () => {
    const [one, two] = [open(), open()];
    const [queue, full, jobs] = [
      one.queue(0, { name: 'd1' }),
      one.queue(1, { name: 'd2' }),
      one.joinableQueue(0, { name: 'd3' }),
    ];
    const [lock, semaphore] = [one.lock({ name: 'd4' }), one.semaphore(0, { name: 'd5' })];
    const [event, barrier] = [one.event({ name: 'd6' }), one.barrier(2, { name: 'd7' })];
    const room = one.lock({ name: 'd8' });
    await full.put(1);
    await jobs.put(1);
    const held = await lock.guard();
    const lost = once(held.lost, 'abort');
    await room.acquire();
    const condition = one.condition(room);
    const waits = [
      queue.get(),
      full.put(2),
      jobs.join(),
      two.lock({ name: 'd4' }).acquire(),
      semaphore.acquire(),
      event.wait(),
      barrier.wait(),
      condition.wait(),
    ].map((wait, i) => assert.rejects(wait as Promise<unknown>, ClosedError, `wait ${i}`));
    // All stand in line.
    await Promise.all([queue, full, jobs].map((each) => each.qsize()));
    await two.lock({ name: 'd4' }).holder();
    await Promise.all([semaphore.getValue(), event.isSet(), barrier.nWaiting()]);
    assert.equal(await room.acquire(), true);
    for (let i = 1; i <= 8; i++) assert.equal(await two.delete(`d${i}`), true, `d${i}`);
    await Promise.all([...waits, lost]);
    assert.ok(held.lost.reason instanceof LeaseLostError);
    await assert.rejects(queue.put(1), ClosedError);
    assert.equal(await one.queue(0, { name: 'd1' }).qsize(), 0);
  });

  test('a program that is cut off learns that its lock is lost before another one has it', async () => {
    const proxy = new FaultyProxy(server.socket);
    const [cutOff, other] = [open({ url: proxy.url, lease: 1000 }), open({ lease: 1000 })];
    const lock = cutOff.lock({ name: 'partition' });
    const held = await lock.guard();
    const order: string[] = [];
    held.lost.addEventListener('abort', () => order.push('lost'));
    const next = other.lock({ name: 'partition' }).guard();
    next.then(() => order.push('owned'));
    proxy.close();
    const taken = await next;
    assert.deepEqual(order, ['lost', 'owned']);
    assert.equal(taken.abandoned, true);
    assert.ok(taken.fence > held.fence);
  });

  test('a server that lost its data: waits and holds are told, named objects begin anew, and fences do not fall', async () => {
    const one = open({ namespace: 'lost', lease: 1500 });
    const [named, unnamed, lock] = [one.queue<number>(0, { name: 'q' }), one.queue<number>(), one.lock({ name: 'l' })];
    const dict = one.dict<string, number>([['a', 1]], { name: 'd' });
    assert.equal(await dict.get('a'), 1);
    const held = await lock.guard();
    // A fence that is ahead of the clock, as after a failover to a server with another one.
    await server.command('HSET', 'mp:lost:{n:l}:m', 'last', '4000000000000000');
    await named.putMany([1, 2]);
    await unnamed.put(1);
    const waits = [unnamed.get(), unnamed.get()];
    assert.equal(await waits[0], 1);
    const lost = once(held.lost, 'abort');
    await server.command('FLUSHALL');
    await assert.rejects(waits[1]!, { code: 'ERR_DATA_LOST' });
    await lost;
    await assert.rejects(named.get(), { code: 'ERR_DATA_LOST' });
    await assert.rejects(dict.size(), { code: 'ERR_DATA_LOST' });
    await assert.rejects(unnamed.put(1), { code: 'ERR_DATA_LOST' });
    await assert.rejects(lock.release(), LeaseLostError);
    assert.equal(await named.qsize(), 0);
    await named.put(3);
    assert.equal(await named.get(), 3);
    assert.equal(await dict.size(), 0);
    const again = await lock.guard();
    assert.ok(again.fence > held.fence);
    await again[Symbol.asyncDispose]();
    await server.command('HSET', 'mp:lost:{n:l}:m', 'last', '4000000000000000');
    const ahead = await lock.guard();
    assert.equal(ahead.fence, 4000000000000001n);
    await ahead[Symbol.asyncDispose]();
  });

  test('scripts that the server has forgotten are sent again', async () => {
    const one = open();
    const queue = one.queue<number>();
    await queue.put(1);
    await server.command('SCRIPT', 'FLUSH');
    await Promise.all([queue.put(2), queue.put(3)]);
    assert.deepEqual(await queue.getMany(9), [1, 2, 3]);
  });

  test('a server that is full stores nothing more, and whatever makes room works', async () => {
    const one = open({ namespace: 'full' });
    const [queue, jobs] = [one.queue<number>(), one.joinableQueue<number>(0, { redeliver: true })];
    const [lock, other, semaphore] = [one.lock(), one.lock(), one.semaphore(2)];
    const [event, barrier, dict] = [one.event(), one.barrier(2), one.dict([['a', 1]])];
    await queue.put(1);
    await jobs.put(1);
    const held = await lock.guard();
    await semaphore.acquire();
    assert.equal(await other.locked(), false);
    assert.equal(await event.isSet(), false);
    assert.equal(await barrier.broken(), false);
    assert.equal(await dict.size(), 1);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    try {
      const full = { code: 'ERR_FULL' };
      await assert.rejects(queue.put(2), full);
      await assert.rejects(queue.putMany([2, 3]), full);
      await assert.rejects(other.acquire(), full);
      await assert.rejects(semaphore.acquire(), full);
      await assert.rejects(barrier.wait(), full);
      await assert.rejects(dict.set('b', 2), full);
      await assert.rejects(one.queue().put(1), full);
      assert.equal(await queue.get(), 1);
      assert.equal(await jobs.get(), 1);
      await jobs.taskDone();
      await jobs.join();
      await held[Symbol.asyncDispose]();
      await semaphore.release();
      await event.set();
      assert.equal(await dict.pop('a'), 1);
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0');
    }
    await queue.put(2);
    assert.equal(await queue.get(), 2);
    assert.equal(await semaphore.getValue(), 2);
    assert.equal(await lock.acquire(), true);
  });
});

/** Everything that the keys hold, but leases and kept replies. */
async function everything(server: RedisServer, pattern: string): Promise<string[]> {
  const names = (await server.list('KEYS', pattern)).map(String).filter((name) => !/:(l|o:.*)$/.test(name));
  const found: string[] = [];
  for (const name of names.sort()) found.push(`${name} ${await server.command('DUMP', name)}`);
  return found;
}
