// Calls of a queue that come at the same time share one step of its script, and must not be told from others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Empty, Full, ShutDown } from 'multiproc';
import { Cluster } from 'multiproc/cluster';
import { FaultyProxy } from './faulty-proxy.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

describe('many calls of a queue at once', { skip, timeout: 120_000 }, () => {
  let server: RedisServer;
  let proxy: FaultyProxy;
  let cluster: Cluster;
  before(async () => {
    server = await new RedisServer().start();
    proxy = new FaultyProxy(server.socket);
    cluster = new Cluster({ url: proxy.url, key });
  });
  after(async () => {
    await cluster.shutdown();
    proxy.close();
    await server.remove();
  });

  test('puts and gets keep their order, and few steps take many of them', async () => {
    const queue = cluster.queue<number>();
    await queue.qsize();
    await server.command('CONFIG', 'RESETSTAT');
    await Promise.all(range(1000).map((i) => queue.put(i)));
    assert.deepEqual(await Promise.all(range(1000).map(() => queue.get())), range(1000));
    const stats = await server.command('INFO', 'commandstats');
    const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(stats) ?? [];
    assert.ok(Number(calls) < 1000, `${calls} scripts for 2000 calls`);
  });

  test('gets that wait get the items of later puts in their order, and one that has given up gets none', async () => {
    const queue = cluster.queue<number>();
    const stop = new AbortController();
    const gets = range(300).map((i) => queue.get(i === 100 ? { signal: stop.signal } : undefined));
    const aborted = assert.rejects(gets.splice(100, 1)[0]!, /enough/);
    await queue.qsize();
    stop.abort(new Error('enough'));
    await aborted;
    await Promise.all(range(299).map((i) => queue.put(i)));
    assert.deepEqual(await Promise.all(gets), range(299));
    assert.equal(await queue.qsize(), 0);
  });

  test('a full queue takes as many as it has room for, of single puts and of lists', async () => {
    const queue = cluster.queue<number>(10);
    const puts = [
      ...range(4).map((i) => queue.put(i)),
      queue.putMany(range(20, 4)),
      ...range(6, 24).map((i) => queue.put(i)),
    ];
    const got: number[] = [];
    while (got.length < 30) got.push(...(await queue.getMany(7)));
    await Promise.all(puts);
    assert.deepEqual(got, range(30));
    const results = await Promise.allSettled(range(15).map((i) => queue.put(i, { timeout: 0 })));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 10);
    for (const each of results.slice(10)) assert.ok(each.status === 'rejected' && each.reason instanceof Full);
    const gets = await Promise.allSettled(range(15).map(() => queue.get({ timeout: 0 })));
    assert.deepEqual(
      gets.slice(0, 10).map((each) => (each as PromiseFulfilledResult<number>).value),
      range(10),
    );
    for (const each of gets.slice(10)) assert.ok(each.status === 'rejected' && each.reason instanceof Empty);
  });

  test('when the reply to many of them is lost, each counts once; a shutdown ends all', async () => {
    const queue = cluster.queue<number>();
    await queue.qsize();
    const put = proxy.cutAnswerTo('put');
    await Promise.all([...range(50).map((i) => queue.put(i)), put]);
    assert.equal(await queue.qsize(), 50);
    const cut = proxy.cutAnswerTo('get');
    const gets = range(60).map(() => queue.get());
    await cut;
    assert.deepEqual(await Promise.all(gets.slice(0, 50)), range(50));
    const ends = gets.slice(50).map((get) => assert.rejects(get, ShutDown));
    await queue.shutdown();
    await Promise.all(ends);
    await assert.rejects(Promise.all(range(5).map((i) => queue.put(i))), ShutDown);
  });
});
