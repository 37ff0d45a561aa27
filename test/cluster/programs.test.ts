// Several programs over one server: each is a process of its own, which no family joins.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { AuthenticationError, BrokenBarrierError, ClosedError, Empty, Full, StateError } from 'multiproc';
import { Cluster, ClusterError, LeaseLostError } from 'multiproc/cluster';
import { key, Program } from './program.ts';
import { skip } from './redis-server.ts';
import { Stages } from './stages.ts';

describe('programs that share a cluster', { skip, timeout: 120_000 }, () => {
  const stages = new Stages(1500, '--appendonly', 'yes');

  test('a queue by its name takes items from one to the other, in order, waiting for a place and for an item', async () => {
    const mine = (await stages.cluster()).queue(2, { name: 'pairs' });
    const other = new Program((await stages.server()).url);
    const filled = other.run(
      "o.q = cluster.queue(2, { name: 'pairs' }); for (let i = 0; i < 50; i++) await o.q.put({ i }); return 1",
    );
    for (let i = 0; i < 50; i++) assert.deepEqual(await mine.get({ timeout: 30_000 }), { i });
    assert.equal(await filled, 1);
    const waits = other.run('return await o.q.get()');
    await mine.put(new Map([['a', 1n]]));
    assert.deepEqual(await waits, {});
    await other.end();
  });

  test('what is in Redis is sealed: nothing of it can be read, and what was changed, cut or moved is refused and skipped', async () => {
    const redis = await stages.server();
    const one = await stages.cluster();
    const [a, b] = [one.queue<string>(0, { name: 'a' }), one.queue<string>(0, { name: 'b' })];
    const list = 'mp:default:{n:a}:d';
    await a.put('a secret text');
    const [sealed] = await redis.list('LRANGE', list, '0', '-1');
    assert.ok(!sealed!.includes('secret'));
    const strange: Buffer[] = [];
    for (let at = 0; at < sealed!.length; at++) {
      const flipped = Buffer.from(sealed!);
      flipped[at]! ^= 1 << (at % 8);
      strange.push(flipped, sealed!.subarray(0, at));
    }
    strange.push(Buffer.from([0, ...sealed!.subarray(1)]));
    for (const each of strange) await redis.command('RPUSH', list, each);
    await redis.command('RPUSH', 'mp:default:{n:b}:d', sealed!);
    assert.equal(await a.get(), 'a secret text');
    for (const _ of strange) await assert.rejects(a.get(), AuthenticationError);
    await assert.rejects(b.get(), AuthenticationError);
    await a.put('after');
    assert.equal(await a.get(), 'after');
    assert.equal(await a.qsize(), 0);
  });

  test('another key is told so, and takes nothing; of several keys each opens', async () => {
    const mine = (await stages.cluster()).queue(0, { name: 'keyed' });
    await mine.put(1);
    await assert.rejects(
      (await stages.cluster({ key: 'another key' })).queue(0, { name: 'keyed' }).get(),
      AuthenticationError,
    );
    await assert.rejects(
      (await stages.cluster({ key: undefined })).queue(0, { name: 'keyed' }).get(),
      AuthenticationError,
    );
    assert.equal(await mine.qsize(), 1);
    assert.equal(await (await stages.cluster({ key: ['another key', key] })).queue(0, { name: 'keyed' }).get(), 1);
  });

  test('a name is of one type and bound; a deleted object ends its waits and its holds', async () => {
    const one = await stages.cluster();
    const queue = one.queue(3, { name: 'mine' });
    await queue.qsize();
    await assert.rejects(one.queue(4, { name: 'mine' }).qsize(), StateError);
    await assert.rejects((await stages.cluster()).lock({ name: 'mine' }).acquire(), StateError);
    const wait = assert.rejects(queue.get(), ClosedError);
    assert.equal(await one.delete('mine'), true);
    assert.equal(await one.delete('mine'), false);
    await wait;
    await one.queue(4, { name: 'mine' }).put(1);
    const held = await one.lock({ name: 'gone' }).guard();
    const lost = once(held.lost, 'abort');
    await (await stages.cluster()).delete('gone');
    await lost;
    assert.ok(held.lost.reason instanceof LeaseLostError);
  });

  test('a killed program: its lock passes on as abandoned with a greater fence, its items in hand come back to the head', async () => {
    const one = await stages.cluster();
    const other = new Program((await stages.server()).url);
    await other.run(
      "o.l = cluster.lock({ name: 'l' }); await o.l.acquire(); o.q = cluster.joinableQueue(0, { name: 'r', redeliver: true }); await o.q.putMany([1, 2, 3]); return [await o.q.get(), await o.q.get()]",
    );
    const fence = BigInt((await other.run('return String(await o.l.fence())')) as string);
    const lock = one.lock({ name: 'l' });
    const queue = one.joinableQueue<number>(0, { name: 'r', redeliver: true });
    assert.equal((await lock.holder())?.pid, other.child.pid);
    assert.equal(await lock.tryAcquire(), false);
    const waits = lock.guard({ timeout: 60_000 });
    other.kill();
    const held = await waits;
    assert.equal(held.abandoned, true);
    assert.ok(held.fence > fence);
    await held[Symbol.asyncDispose]();
    // The lease of each object ends by itself.
    while ((await queue.qsize()) < 3) await setTimeout(20);
    const items: number[] = [];
    for (let i = 0; i < 3; i++) {
      items.push(await queue.get({ timeout: 60_000 }));
      await queue.taskDone();
    }
    assert.deepEqual(items, [1, 2, 3]);
    await queue.join({ timeout: 60_000 });
    await assert.rejects(queue.taskDone(), StateError);
  });

  test('a server that is killed and comes back after a second: nothing is lost, nothing done twice, waits go on', async () => {
    const redis = await stages.server();
    const one = await stages.cluster({ lease: 30_000 });
    const queue = one.queue<number>(0, { name: 'restarted' });
    const lock = one.lock({ name: 'kept' });
    const held = await lock.guard();
    await queue.put(-1);
    assert.equal(await queue.get(), -1);
    const wait = queue.get();
    await redis.end('SIGKILL');
    const puts = Promise.all(Array.from({ length: 20 }, (_, i) => queue.put(i)));
    await redis.start();
    await puts;
    assert.equal(await wait, 0);
    assert.deepEqual(
      await queue.getMany(99),
      Array.from({ length: 19 }, (_, i) => i + 1),
    );
    assert.equal(await lock.fence(), held.fence);
    assert.equal(held.lost.aborted, false);
    await held[Symbol.asyncDispose]();
  });

  test('a lock is lost before its lease is over, while the server does not answer', async () => {
    const redis = await stages.server();
    const one = await stages.cluster({ lease: 500 });
    const lock = one.lock({ name: 'lost' });
    const held = await lock.guard();
    redis.pause();
    try {
      await once(held.lost, 'abort');
    } finally {
      redis.resume();
    }
    assert.ok(held.lost.reason instanceof LeaseLostError);
    await assert.rejects(lock.release(), LeaseLostError);
  });

  for (const away of ['is stopped', 'is gone'] as const) {
    test(`while the server ${away}, time-outs and aborts hold, and what they gave up is not taken`, async () => {
      const redis = await stages.newServer('--appendonly', 'yes', '--appendfsync', 'always');
      const one = await stages.cluster({ url: redis.url, lease: 30_000 });
      const [queue, full, lock, barrier] = [one.queue<number>(), one.queue<number>(1), one.lock(), one.barrier(2)];
      const reason = new Error('enough');
      await full.put(1);
      assert.equal(await queue.qsize(), 0);
      assert.equal(await lock.locked(), false);
      assert.equal(await barrier.broken(), false);
      if (away === 'is stopped') redis.pause();
      else await redis.end('SIGKILL');
      const stop = new AbortController();
      const ends = [
        assert.rejects(queue.get({ timeout: 20 }), Empty),
        assert.rejects(queue.get({ signal: stop.signal }), reason),
        assert.rejects(full.put(2, { timeout: 20 }), Full),
        lock.acquire({ timeout: 20 }).then((is) => assert.equal(is, false)),
        assert.rejects(lock.acquire({ signal: stop.signal }), reason),
        assert.rejects(barrier.wait({ timeout: 20 }), BrokenBarrierError),
      ];
      stop.abort(reason);
      await Promise.all(ends);
      if (away === 'is stopped') redis.resume();
      else await redis.start();
      await queue.put(7);
      assert.equal(await queue.get(), 7);
      assert.equal(await lock.acquire(), true);
      await lock.release();
      await barrier.reset();
      assert.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).sort(), [0, 1]);
      assert.equal(await full.get(), 1);
    });
  }

  test('a server that is not there, is full, or drops keys rejects calls with its code', async () => {
    await assert.rejects(
      new Cluster({ url: 'redis://127.0.0.1:1', connectTimeout: 300 }).queue().put(1),
      (error: ClusterError) => error instanceof ClusterError && error.code === 'ERR_UNREACHABLE',
    );
    const evicting = await stages.newServer('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    const refused = new Cluster({ url: evicting.url });
    await assert.rejects(refused.queue().put(1), { code: 'ERR_EVICTS' });
    await refused.shutdown();
    const full = await stages.newServer('--maxmemory', '8mb');
    const small = new Cluster({ url: full.url });
    const queue = small.queue<Uint8Array>();
    let puts = 0;
    await assert.rejects(
      (async () => {
        for (;;) {
          await queue.put(new Uint8Array(500_000));
          puts++;
        }
      })(),
      { code: 'ERR_FULL' },
    );
    for (let i = 0; i < puts; i++) assert.equal((await queue.get()).length, 500_000);
    await small.shutdown();
  });

  test('without a key only this machine is used; an order without a URL is refused', () => {
    assert.throws(() => new Cluster('redis://10.0.0.5'), /Without a key/);
    assert.throws(() => new Cluster('http://x'), TypeError);
    assert.throws(() => new Cluster({ url: 'redis://127.0.0.1', lifetime: 5 } as never), TypeError);
  });

  test('of a killed program nothing without a name is left, whatever it waited for or held', async () => {
    const redis = await stages.newServer();
    const other = new Program(redis.url, 300);
    await other.run(
      'o.q = cluster.joinableQueue(2, { redeliver: true }); await o.q.putMany([1, 2]); await o.q.get(); o.q.put(3); o.q.put(4); await o.q.qsize(); return 1',
    );
    await other.run(
      'o.e = cluster.queue(); o.e.get().catch(() => {}); await o.e.qsize(); o.l = cluster.lock(); await o.l.acquire(); o.l.acquire().catch(() => {}); await o.l.locked(); return 1',
    );
    await other.run(
      'o.s = cluster.semaphore(1); await o.s.acquire(); o.s.acquire().catch(() => {}); await o.s.getValue(); o.w = cluster.event(); o.w.wait().catch(() => {}); await o.w.isSet(); return 1',
    );
    await other.run(
      'o.b = cluster.barrier(2); o.b.wait().catch(() => {}); await o.b.nWaiting(); o.d = cluster.dict([["a", 1]]); await o.d.size(); o.v = cluster.value(1); await o.v.get(); return 1',
    );
    await other.run(
      'o.c = cluster.condition(cluster.lock()); await o.c.acquire(); o.c.wait().catch(() => {}); await o.c.acquire(); o.c.wait().catch(() => {}); await o.c.acquire(); return 1',
    );
    const before = await redis.list('KEYS', 'mp:*');
    assert.ok(before.length >= 25, String(before));
    other.kill();
    while ((await redis.list('KEYS', 'mp:*')).length > 0) await setTimeout(20);
  });

  test('after the programs only named objects are left', async () => {
    const redis = await stages.newServer();
    const one = new Cluster({ url: redis.url, key, lease: 300 });
    const lock = one.lock();
    await lock.acquire();
    const queue = one.queue();
    await queue.putMany([1, 2, 3]);
    await one.event({ name: 'stays' }).set();
    await one.shutdown();
    while ((await redis.list('KEYS', 'mp:*')).some((name) => !name.includes('{n:stays}:m'))) await setTimeout(20);
  });
});
