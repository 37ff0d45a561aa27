// Dicts and values of a cluster, in one program and in several.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AuthenticationError, ClosedError, Process } from 'multiproc';
import { Cluster, ClusterError } from 'multiproc/cluster';
import { key, Program } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

describe('dicts and values of a cluster', { skip, timeout: 120_000 }, async () => {
  if (skip) return;
  const server = await new RedisServer().start();
  const clusters: Cluster[] = [];
  const make = (options = {}) => {
    const cluster = new Cluster({ url: server.url, key, ...options });
    clusters.push(cluster);
    return cluster;
  };
  const cluster = make();
  after(async () => {
    for (const each of clusters) await each.shutdown();
    await server.remove();
  });

  for (const [how, its] of [
    ['with a key', () => cluster],
    ['without a key', () => make({ key: undefined, namespace: 'open' })],
  ] as const) {
    test(`a dict is a Map whose methods resolve, ${how}`, async () => {
      const dict = its().dict<string, unknown>([
        ['one', 1],
        ['two', { list: [2] }],
      ]);
      assert.equal(await dict.get('one'), 1);
      const two = (await dict.get('two')) as { list: number[] };
      assert.deepEqual(two, { list: [2] });
      assert.throws(() => two.list.push(3), TypeError);
      assert.equal(await dict.get('none'), undefined);
      await dict.set('three', undefined);
      assert.deepEqual([await dict.has('three'), await dict.has('none'), await dict.size()], [true, false, 3]);
      assert.equal(await dict.get('three'), undefined);
      await dict.set('one', 11);
      assert.deepEqual(await dict.keys(), ['one', 'two', 'three']);
      assert.deepEqual(await dict.values(), [11, { list: [2] }, undefined]);
      assert.deepEqual(
        await dict.copy(),
        new Map<string, unknown>([
          ['one', 11],
          ['two', { list: [2] }],
          ['three', undefined],
        ]),
      );
      assert.deepEqual([await dict.delete('two'), await dict.delete('two')], [true, false]);
      assert.deepEqual([await dict.pop('one'), await dict.pop('one')], [11, undefined]);
      assert.deepEqual([await dict.setDefault('four', 4), await dict.setDefault('four', 5)], [4, 4]);
      await dict.assign({ five: 5, four: 44 });
      await dict.set('three', 3);
      assert.deepEqual(await dict.entries(), [
        ['three', 3],
        ['four', 44],
        ['five', 5],
      ]);
      const seen: unknown[] = [];
      for await (const [name] of dict) seen.push(name);
      assert.deepEqual(seen, ['three', 'four', 'five']);
      await dict.clear();
      assert.equal(await dict.size(), 0);
      assert.deepEqual(await dict.keys(), []);
    });
  }

  test('keys are compared as in a Map where they are primitive, and else by their content', async () => {
    const dict = cluster.dict<unknown, string>();
    // The same text, put together in different ways.
    const long = 'key of a dict ä €';
    const pieces = [...long].join('').split(' ').join(' ');
    const same: [unknown, unknown][] = [
      [1, 1.0],
      [0, -0],
      [Number.NaN, 0 / 0],
      [2 ** 40, 1024 ** 4],
      [long, pieces],
      ['x'.repeat(5000), `${'x'.repeat(4999)}x`],
      [10n ** 30n, BigInt(`1${'0'.repeat(30)}`)],
      [null, null],
      [undefined, undefined],
      [true, !0],
      [
        [1, { a: 'b' }],
        [1, { a: 'b' }],
      ],
      [new Date(5), new Date(5)],
    ];
    for (const [i, [first]] of same.entries()) await dict.set(first, `${i}`);
    assert.equal(await dict.size(), same.length);
    for (const [i, [, again]] of same.entries()) assert.equal(await dict.get(again), `${i}`);
    for (const other of ['1', 1n, false, '', [1], 'x'.repeat(4999)]) assert.equal(await dict.has(other), false);
    await assert.rejects(
      dict.set(() => 1, 'f'),
      TypeError,
    );
  });

  test('an update runs where it is called, and none of those of four processes is lost', async () => {
    const dict = cluster.dict<string, number>();
    const sum = cluster.value(0);
    const names = ['a', 'b', 'a', 'b'];
    const add = async (d: typeof dict, s: typeof sum, name: string) => {
      for (let i = 0; i < 100; i++) {
        await d.update(name, (old = 0) => old + 1);
        await s.update((old) => old + 1);
      }
    };
    const all = names.map((name) => new Process({ target: add, args: [dict, sum, name] }));
    for (const each of all) each.start();
    for (const each of all) await each.join();
    assert.deepEqual(
      all.map(({ exitCode }) => exitCode),
      [0, 0, 0, 0],
    );
    assert.deepEqual([await dict.get('a'), await dict.get('b'), await sum.get()], [200, 200, 400]);
    await assert.rejects(dict.update('a', (async () => 1) as never), TypeError);
    await assert.rejects(
      dict.update('a', () => {
        throw new RangeError('mine');
      }),
      RangeError,
    );
    assert.equal(await dict.get('a'), 200);
  });

  test('programs find a dict and a value by their names; the first values are those of the first program', async () => {
    const dict = cluster.dict([['mine', 1]], { name: 'settings' });
    assert.equal(await dict.size(), 1);
    const value = cluster.value({ n: 1 }, { name: 'number' });
    assert.deepEqual(await value.get(), { n: 1 });
    using other = new Program(server.url);
    const open =
      "const d = cluster.dict({ other: 2 }, { name: 'settings' }); const v = cluster.value({ n: 9 }, { name: 'number' });";
    const use =
      "await d.update('mine', (old) => old + 1); await d.set('other', 3); await v.update(({ n }) => ({ n: n + 1 }));";
    assert.deepEqual(await other.run(`${open} ${use} return [await d.keys(), await v.get()]`), [
      ['mine', 'other'],
      { n: 2 },
    ]);
    assert.deepEqual(await dict.entries(), [
      ['mine', 2],
      ['other', 3],
    ]);
    await other.end();
    assert.equal(await cluster.delete('settings'), true);
    await assert.rejects(dict.get('mine'), ClosedError);
    assert.equal(await cluster.dict(undefined, { name: 'settings' }).size(), 0);
  });

  test('a program with another first key finds the keys of the dict', async () => {
    const old = make({ key: 'the old key', namespace: 'rotated' }).dict([['a', 1]], { name: 'd' });
    assert.equal(await old.get('a'), 1);
    const both = make({ key: ['the new key', 'the old key'], namespace: 'rotated' }).dict<string, number>(undefined, {
      name: 'd',
    });
    assert.equal(await both.get('a'), 1);
    await both.update('a', (n = 0) => n + 1);
    assert.deepEqual(await both.keys(), ['a']);
    const strange = make({ key: 'the new key', namespace: 'rotated' }).dict(undefined, { name: 'd' });
    await assert.rejects(strange.get('a'), AuthenticationError);
  });

  test('what is in Redis shows no key and no value, and a value that was moved to another key or changed is refused', async () => {
    const dict = cluster.dict<string, string>(
      [
        ['user name', 'user secret'],
        ['b', 'else'],
      ],
      { name: 'sealed' },
    );
    await dict.get('b');
    const [d, h] = ['mp:default:{n:sealed}:d', 'mp:default:{n:sealed}:h'];
    const all = [...(await server.list('HGETALL', d)), ...(await server.list('HGETALL', h))];
    for (const each of all) assert.doesNotMatch(each.toString('latin1'), /user|else|^b$/);
    const [digest, value, otherDigest] = (await server.list('HGETALL', d)) as [Buffer, Buffer, Buffer, Buffer];
    await server.command('HSET', d, otherDigest, value);
    const outcomes = await Promise.allSettled([dict.get('user name'), dict.get('b')]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const refused = outcomes.find((each) => each.status === 'rejected');
    assert.ok(refused?.reason instanceof AuthenticationError);
    const changed = Buffer.from(value);
    changed[20]! ^= 1;
    await server.command('HSET', d, digest, changed);
    await assert.rejects(dict.get('user name'), AuthenticationError);
    await assert.rejects(dict.get('b'), AuthenticationError);
    await assert.rejects(dict.entries(), AuthenticationError);
  });

  test('a server that is full refuses to store, and gives and lets go', async () => {
    const full = await new RedisServer('--maxmemory-policy', 'noeviction').start();
    const dict = make({ url: full.url }).dict([['a', 'text']]);
    assert.equal(await dict.get('a'), 'text');
    await full.command('CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(dict.set('b', 'one'), (e) => e instanceof ClusterError && e.code === 'ERR_FULL');
    assert.deepEqual(await dict.keys(), ['a']);
    assert.equal(await dict.delete('a'), true);
    await full.command('CONFIG', 'SET', 'maxmemory', '0');
    await dict.set('b', 'one');
    assert.deepEqual(await dict.keys(), ['b']);
    await full.remove();
  });
});
