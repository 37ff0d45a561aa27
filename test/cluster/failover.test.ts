// Several servers stand for one: a Redis Cluster.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Cluster, startWorker } from 'multiproc/cluster';
import { key } from './program.ts';
import { RedisCluster } from './redis-cluster.ts';
import { skip } from './redis-server.ts';

describe('objects on several servers', { skip, timeout: 180_000 }, () => {
  const made: Cluster[] = [];
  const open = (options: object) => {
    const one = new Cluster({ key, ...options });
    made.push(one);
    return one;
  };
  let redis: RedisCluster;
  before(async () => {
    redis = await new RedisCluster().start();
  });
  after(async () => {
    for (const each of made) await each.shutdown();
    await redis?.remove();
  });

  test('a Redis Cluster: the keys of each object are in one slot, and waits are woken from any node', async () => {
    const [one, two] = [open({ url: redis.url }), open({ url: redis.url })];
    for (const name of ['a', 'b', 'c', '{x}', 'ü/ é']) {
      const wait = two.queue<string>(1, { name }).get();
      await one.queue<string>(1, { name }).put(name);
      assert.equal(await wait, name);
      const dict = one.dict([[name, 1]], { name: `dict of ${name}` });
      assert.equal(await dict.update(name, (n) => n! + 1), 2);
      const held = await one.lock({ name: `lock of ${name}` }).guard();
      const next = two.lock({ name: `lock of ${name}` }).guard();
      await held[Symbol.asyncDispose]();
      assert.ok((await next).fence > held.fence);
      assert.equal(await one.delete(name), true);
    }
    const sizes = await Promise.all(redis.nodes.slice(0, 3).map((node) => node.command('DBSIZE')));
    assert.ok(!sizes.includes(':0'), `all masters have keys: ${sizes}`);
  });

  test('a node that is no cluster for its URL is refused', async () => {
    const url = redis.url.replace(/\+cluster|,.*/g, '');
    await assert.rejects(open({ url }).queue().put(1), { code: 'ERR_PROTOCOL' });
    await assert.rejects(startWorker({ url: redis.url, key }), /Redis Cluster/);
  });

  test('a slot that moves to the replica, and a master that is killed: calls go on, fences grow, nothing is done twice', async () => {
    const cluster = open({ url: redis.url, replicas: 1 });
    const name = await redis.nameAtFirst('moved');
    const queue = cluster.queue<number>(0, { name });
    const lock = cluster.lock({ name: await redis.nameAtFirst('lock') });
    const held = await lock.guard();
    await queue.put(1);
    // The old master answers MOVED from now on.
    assert.equal(await redis.replica.command('CLUSTER', 'FAILOVER'), '+OK');
    while (!(await redis.replica.command('ROLE')).includes('master')) await setTimeout(20);
    await queue.put(2);
    assert.deepEqual(await queue.getMany(9), [1, 2]);
    assert.equal(await lock.fence(), held.fence);
    while (!(await redis.nodes[0]!.command('INFO', 'replication')).includes('master_link_status:up'))
      await setTimeout(20);
    await held[Symbol.asyncDispose]();
    const again = await lock.guard();
    assert.ok(again.fence > held.fence);
    await redis.replica.end('SIGKILL');
    for (let i = 0; i < 20; i++) await queue.put(i);
    assert.deepEqual(
      await queue.getMany(99),
      Array.from({ length: 20 }, (_, i) => i),
    );
    await again[Symbol.asyncDispose]();
  });
});
