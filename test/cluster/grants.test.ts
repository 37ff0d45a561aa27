// A release gives a lock to the gateway that waits first, and tells it in a message: the message is lost, late, or meets nobody.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Cluster, ClusterGuard } from 'multiproc/cluster';
import { Program } from './program.ts';
import type { RedisServer } from './redis-server.ts';
import { skip } from './redis-server.ts';
import { isAlive, until } from './stage.ts';
import { Stages } from './stages.ts';
import { objectStep, StepProxy } from './step-proxy.ts';

const lease = 2000;
const key = (name: string, suffix: string) => `mp:default:{n:${name}}:${suffix}`;

describe('a lock that a release gives to the program that waits first', { skip, timeout: 120_000 }, () => {
  const stages = new Stages(lease);
  const proxyTo = ({ socket, folder }: RedisServer, name: string) => {
    const proxy = new StepProxy(socket, `${folder}/${name}`);
    stages.onEnd(() => proxy.end());
    return proxy;
  };
  const waiting = (redis: RedisServer, name: string, count = 1) =>
    until(async () => (await redis.command('ZCARD', key(name, 'a'))) === `:${count}`);
  const granted = (redis: RedisServer, name: string) =>
    until(async () => (await redis.command('HEXISTS', key(name, 'd'), 'granted')) === ':1');
  const free = (guard: ClusterGuard) => guard[Symbol.asyncDispose]();
  /** One program waits for the lock, and another behind it. `giveUp` ends the first wait when the lock was granted to it. */
  const twoWaits = async (redis: RedisServer, name: string, one: Cluster, other: Cluster) => {
    const stop = new AbortController();
    const next = one.lock({ name }).guard({ signal: stop.signal });
    await waiting(redis, name);
    const last = other.lock({ name }).guard();
    await waiting(redis, name, 2);
    const giveUp = async () => {
      await granted(redis, name);
      stop.abort();
      await assert.rejects(next, { name: 'AbortError' });
    };
    return { last, giveUp };
  };

  test('a program that is given a lock takes no step to own it, and its fence, its holder and its release are as always', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'no-step');
    const [one, two] = [await stages.cluster(), await stages.cluster({ url: proxy.url, lease: 60_000 })];
    const lock = two.lock({ name: 'no-step' });
    const handOver = async () => {
      const held = await one.lock({ name: 'no-step' }).guard();
      const next = lock.guard();
      await waiting(redis, 'no-step');
      // The reply to its look has come before the reply to a later call.
      await lock.holder();
      let hasStepped = false;
      const note = () => {
        hasStepped = true;
      };
      void proxy.at(objectStep('take'), 'before', note, { goesOn: true });
      await free(held);
      return { held, taken: await next, hasStepped };
    };
    let { held, taken, hasStepped } = await handOver();
    // It may just have looked by itself, as it does every 5 seconds.
    while (hasStepped) {
      await free(taken);
      ({ held, taken, hasStepped } = await handOver());
    }
    assert.ok(taken.fence > held.fence);
    assert.equal(taken.abandoned, false);
    assert.equal((await one.lock({ name: 'no-step' }).holder())?.pid, process.pid);
    assert.equal(await one.lock({ name: 'no-step' }).tryAcquire(), false);
    assert.equal(await lock.fence(), taken.fence);
    await free(taken);
    assert.equal(await one.lock({ name: 'no-step' }).locked(), false);
  });

  test('locks go round among programs with several waits each, and each is served once', async () => {
    const redis = await stages.server();
    const clusters = await Promise.all([1, 2, 3].map(() => stages.cluster()));
    const first = await clusters[0]!.lock({ name: 'round' }).guard();
    const fences: bigint[] = [];
    let owners = 0;
    const waits = clusters.flatMap((cluster) =>
      Array.from({ length: 20 }, async () => {
        const guard = await cluster.lock({ name: 'round' }).guard();
        assert.equal(++owners, 1);
        fences.push(guard.fence);
        await cluster.lock({ name: 'round' }).locked();
        owners--;
        await free(guard);
      }),
    );
    await waiting(redis, 'round', 3);
    await free(first);
    await Promise.all(waits);
    assert.deepEqual(
      fences,
      [...fences].sort((a, b) => Number(a - b)),
    );
    assert.equal(new Set(fences).size, 60);
  });

  test('a message that is lost with its connection costs time, and the lock is not abandoned', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'lost');
    const [one, two] = [await stages.cluster(), await stages.cluster({ url: proxy.url, lease: 60_000 })];
    const held = await one.lock({ name: 'lost' }).guard();
    const next = two.lock({ name: 'lost' }).guard();
    await waiting(redis, 'lost');
    proxy.swallow();
    await free(held);
    await granted(redis, 'lost');
    proxy.mend();
    const taken = await next;
    assert.equal(taken.abandoned, false);
    await free(taken);
  });

  test('a wait that gives up while the message is on its way passes the lock on', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'given-up');
    const [one, two, three] = [
      await stages.cluster(),
      await stages.cluster({ url: proxy.url, lease: 60_000 }),
      await stages.cluster(),
    ];
    const held = await one.lock({ name: 'given-up' }).guard();
    const { last, giveUp } = await twoWaits(redis, 'given-up', two, three);
    proxy.swallow();
    await free(held);
    await giveUp();
    proxy.mend();
    const taken = await last;
    assert.equal(taken.abandoned, false);
    assert.equal(await two.lock({ name: 'given-up' }).tryAcquire(), false);
    await free(taken);
  });

  test('a wait that comes after one that gave up does not own what the message says', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'late');
    const [one, two, three] = [
      await stages.cluster(),
      await stages.cluster({ url: proxy.url, lease: 60_000 }),
      await stages.cluster(),
    ];
    const held = await one.lock({ name: 'late' }).guard();
    const lock = two.lock({ name: 'late' });
    const { last, giveUp } = await twoWaits(redis, 'late', two, three);
    const message = proxy.holdPushes();
    await free(held);
    await giveUp();
    const taken = await last;
    let isOwned = false;
    const again = lock.guard().finally(() => {
      isOwned = true;
    });
    await waiting(redis, 'late');
    // The new wait has looked.
    await lock.holder();
    message.release();
    // The message has come before the reply to a later call.
    await lock.holder();
    assert.equal(isOwned, false);
    assert.equal(await one.lock({ name: 'late' }).tryAcquire(), false);
    await free(taken);
    await free(await again);
  });

  test('a wait that gives up while a tryAcquire of the same program is under way leaves the line', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'trying');
    const [one, two] = [await stages.cluster(), await stages.cluster({ url: proxy.url })];
    const held = await one.lock({ name: 'trying' }).guard();
    const stop = new AbortController();
    const lock = two.lock({ name: 'trying' });
    const next = lock.guard({ signal: stop.signal });
    await waiting(redis, 'trying');
    let letReply = () => {};
    const taken = proxy.at(
      objectStep('take'),
      'after',
      (client) => {
        client.cork();
        letReply = () => client.uncork();
      },
      { goesOn: true },
    );
    const trial = lock.tryAcquire();
    await taken;
    stop.abort();
    await assert.rejects(next, { name: 'AbortError' });
    letReply();
    assert.equal(await trial, false);
    await waiting(redis, 'trying', 0);
    await free(held);
  });

  test('an abandoned lock that is given to a wait that gives up is abandoned for the next owner', async () => {
    const redis = await stages.server();
    const proxy = proxyTo(redis, 'abandoned');
    const victim = new Program(redis.url, lease);
    stages.onEnd(() => victim[Symbol.dispose]());
    await victim.run("o.l = cluster.lock({ name: 'abandoned' }); await o.l.acquire()");
    const [two, three] = [await stages.cluster({ url: proxy.url, lease: 60_000 }), await stages.cluster()];
    const { last, giveUp } = await twoWaits(redis, 'abandoned', two, three);
    proxy.swallow();
    process.kill(-victim.child.pid!, 'SIGKILL');
    await giveUp();
    proxy.mend();
    const taken = await last;
    assert.equal(taken.abandoned, true);
    await free(taken);
  });

  test('a program that was killed while it waited is given nothing: the next owner does not find the lock abandoned', async () => {
    const redis = await stages.server();
    const cluster = await stages.cluster();
    const held = await cluster.lock({ name: 'killed' }).guard();
    using victim = new Program(redis.url, lease);
    await victim.run("o.l = cluster.lock({ name: 'killed' }); await o.l.fence()");
    void victim.run('await o.l.acquire()').catch(() => {});
    await waiting(redis, 'killed');
    const [gateway] = await redis.list('ZRANGE', key('killed', 'a'), '0', '0');
    process.kill(-victim.child.pid!, 'SIGKILL');
    await until(async () => (await redis.command('PUBSUB', 'NUMSUB', `mp:default:g:${gateway}`)).endsWith(':0'));
    await free(held);
    const taken = await cluster.lock({ name: 'killed' }).guard();
    assert.equal(taken.abandoned, false);
    await free(taken);
  });

  test('a program that is stopped when it is given the lock, and killed, leaves it abandoned; one that goes on late does not own it', async () => {
    const redis = await stages.server();
    const cluster = await stages.cluster();
    for (const isKilled of [true, false]) {
      const name = `stopped-${isKilled}`;
      const held = await cluster.lock({ name }).guard();
      using victim = new Program(redis.url, 2 * lease);
      await victim.run(`o.l = cluster.lock({ name: '${name}' }); await o.l.fence()`);
      const run = victim.run('await o.l.acquire(); return String(await o.l.fence())');
      run.catch(() => {});
      await waiting(redis, name);
      victim.stop();
      await free(held);
      await granted(redis, name);
      const pid = victim.child.pid!;
      if (isKilled) {
        process.kill(-pid, 'SIGKILL');
        await once(victim.child, 'exit');
        assert.equal(isAlive(pid), false);
      }
      const taken = await cluster.lock({ name }).guard();
      assert.equal(taken.abandoned, true);
      if (isKilled) continue;
      process.kill(-pid, 'SIGCONT');
      await waiting(redis, name);
      assert.equal(await cluster.lock({ name }).fence(), taken.fence);
      await free(taken);
      assert.ok(BigInt((await run) as string) > taken.fence);
      await victim.run('await o.l.release()');
      await victim.end();
    }
  });
});
