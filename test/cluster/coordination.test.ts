// Conditions and barriers of a cluster between programs, and what happens when one of them is killed.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { BrokenBarrierError, ClosedError, StateError } from 'multiproc';
import { Cluster, LeaseLostError } from 'multiproc/cluster';
import { key, Program } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

describe('conditions and barriers between programs', { skip, timeout: 120_000 }, async () => {
  if (skip) return;
  const server = await new RedisServer().start();
  const cluster = new Cluster({ url: server.url, key });
  after(async () => {
    await cluster.shutdown();
    await server.remove();
  });
  const WAITS = 'await o.c.acquire(); o.w = o.c.wait(); o.w.catch(() => {}); return 1';

  test('programs find a condition by the name of its lock, and others of that lock by their own names', async () => {
    using other = new Program(server.url);
    const lock = cluster.lock({ name: 'room' });
    const [only, full] = [cluster.condition(lock), cluster.condition(lock, { name: 'full' })];
    await other.run(`o.l = cluster.lock({ name: 'room' }); o.c = cluster.condition(o.l); ${WAITS}`);
    // The other one's wait lets go of the lock.
    await lock.with(async () => {
      await full.notifyAll();
      const wait = full.wait();
      await other.run("o.f = cluster.condition(o.l, { name: 'full' }); o.n = o.f.with(() => o.f.notify()); return 1");
      assert.equal(await wait, true);
      await only.notify();
    });
    assert.equal(await other.run('const is = await o.w; await o.c.release(); return is'), true);
  });

  test('conditions of a lock without a name are different ones', async () => {
    const lock = cluster.lock();
    const [a, b] = [cluster.condition(lock), cluster.condition(lock)];
    await lock.acquire();
    const wait = a.wait({ timeout: 50 });
    await b.with(() => b.notifyAll());
    assert.equal(await wait, false);
    await lock.release();
    assert.throws(() => cluster.condition({} as never), TypeError);
  });

  test('a notification that a killed program had not heard of goes on to the next', async () => {
    using other = new Program(server.url);
    const condition = cluster.condition(cluster.lock({ name: 'passes' }));
    await other.run(`o.c = cluster.condition(cluster.lock({ name: 'passes' })); ${WAITS}`);
    await condition.acquire();
    const wait = condition.wait();
    await condition.acquire();
    // Nobody there hears of it any more.
    other.stop();
    await condition.notify();
    await condition.release();
    assert.equal(await wait, true);
    await condition.release();
  });

  test('a wait whose lock is deleted rejects, and so do all calls after it', async () => {
    const condition = cluster.condition(cluster.lock({ name: 'goes' }));
    await condition.acquire();
    const wait = condition.wait();
    // It may reject before anybody awaits it.
    wait.catch(() => {});
    await condition.acquire();
    assert.equal(await cluster.delete('goes'), true);
    await assert.rejects(wait, ClosedError);
    await assert.rejects(condition.release(), (e) => e instanceof LeaseLostError || e instanceof ClosedError);
    await assert.rejects(condition.acquire(), ClosedError);
  });

  test('a guard learns of a loss also after its condition has waited', async () => {
    const lock = cluster.lock({ name: 'guarded' });
    const condition = cluster.condition(lock);
    const held = await lock.guard();
    assert.equal(await condition.wait({ timeout: 1 }), false);
    assert.ok((await lock.fence())! > held.fence);
    assert.equal(held.lost.aborted, false);
    const lost = new Promise((resolve) => held.lost.addEventListener('abort', resolve));
    await cluster.delete('guarded');
    await lost;
    assert.ok(held.lost.reason instanceof LeaseLostError);
  });

  test('an rlock has a guard with a fence, also when it is acquired again; another program may not release it', async () => {
    using other = new Program(server.url);
    const lock = cluster.rlock({ name: 'owned' });
    await using outer = await lock.guard();
    await using inner = await lock.guard();
    assert.equal(inner.fence, outer.fence);
    await assert.rejects(other.run("o.l = cluster.rlock({ name: 'owned' }); await o.l.release()"), /release/);
    await assert.rejects(cluster.lock({ name: 'owned' }).acquire(), StateError);
    assert.equal(await other.run('return o.l.tryAcquire()'), false);
  });

  test('a program that has come to a barrier and is killed breaks it, one that ends does not', async () => {
    const barrier = cluster.barrier(2, { name: 'start' });
    const joins = "o.b = cluster.barrier(2, { name: 'start' }); return o.b.wait()";
    const orderly = new Program(server.url);
    const indices = await Promise.all([orderly.run(joins), barrier.wait()]);
    assert.deepEqual(indices.sort(), [0, 1]);
    await orderly.end();
    assert.equal(await barrier.broken(), false);
    using other = new Program(server.url);
    await Promise.all([other.run(joins), barrier.wait()]);
    const wait = barrier.wait();
    wait.catch(() => {});
    other.stop();
    await assert.rejects(wait, BrokenBarrierError);
    await barrier.reset();
    assert.equal(await barrier.broken(), false);
    await assert.rejects(cluster.barrier(3, { name: 'start' }).wait(), StateError);
  });

  test('a program that has come to a barrier and lets go of it breaks it neither then nor later', async () => {
    const barrier = cluster.barrier(2, { name: 'left' });
    using other = new Program(server.url, 1500);
    const joins = "o.b = cluster.barrier(2, { name: 'left' }); return o.b.wait()";
    await Promise.all([other.run(joins), barrier.wait()]);
    await other.run("o.e = cluster.event({ name: 'later' }); o.b[Symbol.dispose](); return o.e.isSet()");
    // Longer than its lease, by the server's clock.
    const begin = Number((await server.list('TIME'))[0]);
    while (Number((await server.list('TIME'))[0]) < begin + 3) assert.equal(await barrier.broken(), false);
  });

  test('an abort withdraws a party, and the others go on waiting', async () => {
    const barrier = cluster.barrier(2);
    const stop = new AbortController();
    const aborted = barrier.wait({ signal: stop.signal });
    while ((await barrier.nWaiting()) === 0);
    stop.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    assert.deepEqual([await barrier.nWaiting(), await barrier.broken()], [0, false]);
    const [a, b] = await Promise.all([barrier.wait(), barrier.wait()]);
    assert.deepEqual([a, b].sort(), [0, 1]);
    assert.throws(() => cluster.barrier(0), RangeError);
  });
});
