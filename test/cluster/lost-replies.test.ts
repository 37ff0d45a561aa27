// What was done counts once, also if the connection is cut after the server has done it and before it has said so.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { StateError } from 'multiproc';
import { Cluster } from 'multiproc/cluster';
import { random } from '../seeded.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

describe('a reply is lost', { skip, timeout: 120_000 }, () => {
  const made: Cluster[] = [];
  let server: RedisServer;
  let proxy: FaultyProxy;
  /** Reaches the server through the proxy. */
  let cluster: Cluster;
  let other: Cluster;
  before(async () => {
    server = await new RedisServer().start();
    proxy = new FaultyProxy(server.socket);
    cluster = new Cluster({ url: proxy.url, key });
    other = new Cluster({ url: server.url, key });
    made.push(cluster, other);
  });
  after(async () => {
    for (const each of made) await each.shutdown();
    proxy.close();
    await server.remove();
  });

  /** Makes the call, whose step is called `word`, lose its first reply. */
  async function cutting<T>(word: string, call: () => Promise<T>): Promise<T> {
    const cut = proxy.cutAnswerTo(word);
    const [value] = await Promise.all([call(), cut]);
    return value;
  }

  test('a lost reply of a put: the item is there once', async () => {
    const queue = cluster.queue<number>(3);
    await cutting('put', () => queue.put(1));
    await cutting('put', () => queue.putMany([2, 3]));
    assert.equal(await queue.qsize(), 3);
    assert.deepEqual(await queue.getMany(9), [1, 2, 3]);
  });

  test('a lost reply of a get: the item comes, and only that one is gone', async () => {
    const queue = cluster.queue<number>();
    await queue.putMany([1, 2, 3, 4]);
    assert.equal(await cutting('get', () => queue.get()), 1);
    assert.deepEqual(await cutting('get', () => queue.getMany(2)), [2, 3]);
    assert.equal(await queue.get(), 4);
    assert.equal(await queue.qsize(), 0);
  });

  test('a lost reply of a get that waits, and of the put that ends the wait', async () => {
    const mine = cluster.queue<number>(0, { name: 'waited' });
    const theirs = other.queue<number>(0, { name: 'waited' });
    const first = mine.get();
    await mine.qsize();
    assert.equal(await cutting('get', () => theirs.put(1).then(() => first)), 1);
    const second = theirs.get();
    await theirs.qsize();
    await cutting('put', () => mine.put(2));
    assert.equal(await second, 2);
    assert.equal(await mine.qsize(), 0);
  });

  test('a lost reply of an item told done, with and without redelivery', async () => {
    for (const redeliver of [false, true]) {
      const queue = cluster.joinableQueue<number>(0, { redeliver });
      await queue.putMany([1, 2]);
      assert.equal(await cutting('get', () => queue.get()), 1);
      await cutting('done', () => queue.taskDone());
      assert.equal(await queue.get(), 2);
      await queue.taskDone();
      await queue.join();
      await assert.rejects(queue.taskDone(), StateError);
    }
  });

  test('a lost reply of acquire and release: the lock is held once, and let go once', async () => {
    const lock = cluster.lock({ name: 'cut' });
    const theirs = other.lock({ name: 'cut' });
    const held = await cutting('take', () => lock.guard());
    assert.equal(await theirs.fence(), undefined);
    assert.equal(await theirs.tryAcquire(), false);
    assert.equal(await lock.fence(), held.fence);
    const next = theirs.guard();
    await cutting('release', async () => held[Symbol.asyncDispose]());
    const after = await next;
    assert.ok(after.fence > held.fence);
    assert.equal(after.abandoned, false);
    await after[Symbol.asyncDispose]();
    await assert.rejects(lock.release(), StateError);
  });

  test('a lost reply of a semaphore: no unit is lost, none is made', async () => {
    const semaphore = cluster.boundedSemaphore(2);
    await cutting('take', () => semaphore.acquire());
    assert.equal(await semaphore.getValue(), 1);
    await cutting('release', () => semaphore.release());
    assert.equal(await semaphore.getValue(), 2);
    await assert.rejects(semaphore.release(), StateError);
  });

  test('a lost reply of an update of a dict or a value: the function counts once', async () => {
    const dict = await cutting('fill', async () => {
      const made = cluster.dict([['n', 1]]);
      assert.equal(await made.get('n'), 1);
      return made;
    });
    assert.equal(await cutting('replace', () => dict.update('n', (n) => n! + 1)), 2);
    assert.equal(await cutting('set', () => dict.set('m', 1).then(() => dict.size())), 2);
    assert.equal(await cutting('remove', () => dict.pop('n')), 2);
    assert.equal(await dict.get('n'), undefined);
    const value = cluster.value(1);
    assert.equal(await cutting('replace', () => value.update((n) => n * 10)), 10);
    assert.equal(await value.get(), 10);
  });

  test('a lost reply of a barrier: each party has come once', async () => {
    const mine = cluster.barrier(3, { name: 'three' });
    const theirs = other.barrier(3, { name: 'three' });
    for (const word of ['arrive', 'look']) {
      const all = [theirs.wait()];
      while ((await theirs.nWaiting()) < 1);
      const cut = proxy.cutAnswerTo(word);
      all.push(mine.wait());
      if (word === 'arrive') await cut;
      while ((await theirs.nWaiting()) < 2);
      all.push(theirs.wait());
      await cut;
      assert.deepEqual((await Promise.all(all)).sort(), [0, 1, 2]);
    }
  });

  test('a lost reply of a condition: a wait begins once, and is notified once', async () => {
    const lock = cluster.lock();
    const condition = cluster.condition(lock);
    const ended: number[] = [];
    const wait = async (number: number) => {
      await lock.acquire();
      await condition.wait();
      ended.push(number);
      await lock.release();
    };
    const begun = proxy.cutAnswerTo('await');
    const first = wait(1);
    await begun;
    // Each has let go of the lock, and is in line, when the next has it.
    await lock.acquire();
    await lock.release();
    const second = wait(2);
    await lock.acquire();
    await cutting('notify', () => condition.notify());
    await lock.release();
    await first;
    assert.deepEqual(ended, [1]);
    await lock.acquire();
    const heard = proxy.cutAnswerTo('notified');
    await condition.notifyAll();
    await lock.release();
    await Promise.all([second, heard]);
    assert.deepEqual(ended, [1, 2]);
  });

  test('many lost and late replies, at random: every item comes once and in order, every update counts, and a lock has one owner', async () => {
    const next = random(1);
    const COUNT = 60;
    const queue = cluster.queue<number>(4);
    const total = cluster.value(0);
    const lock = cluster.lock();
    await queue.qsize();
    let owners = 0;
    const locked = async () => {
      for (let i = 0; i < COUNT / 3; i++) {
        const held = await lock.guard();
        assert.equal(++owners, 1);
        assert.equal(await lock.fence(), held.fence);
        owners--;
        await held[Symbol.asyncDispose]();
      }
    };
    proxy.isLost = () => next() < 0.02;
    proxy.delay = 1;
    try {
      const got: number[] = [];
      await Promise.all([
        (async () => {
          for (let i = 0; i < COUNT; i++) await queue.put(i);
        })(),
        (async () => {
          while (got.length < COUNT) got.push(await queue.get());
        })(),
        Promise.all(Array.from({ length: COUNT / 3 }, () => total.update((n) => n + 1))),
        locked(),
        locked(),
      ]);
      assert.deepEqual(
        got,
        Array.from({ length: COUNT }, (_, i) => i),
      );
      assert.equal(await total.get(), COUNT / 3);
      assert.equal(await queue.qsize(), 0);
    } finally {
      proxy.isLost = () => false;
      proxy.delay = 0;
    }
  });
});
