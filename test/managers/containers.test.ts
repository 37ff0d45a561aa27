import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { RemoteError } from 'multiproc';
import { ListProxy, Manager } from 'multiproc/managers';
import { start } from '../inside.ts';

const manager = new Manager();
after(() => manager.shutdown());

describe('a dict', () => {
  test('a dict answers to the methods of a Map', async () => {
    const dict = manager.dict<string, number>({ a: 1 });
    assert.equal(await dict.get('a'), 1);
    assert.equal(await dict.get('b'), undefined);
    assert.equal(await dict.set('b', 2), undefined);
    assert.equal(await dict.has('b'), true);
    assert.equal(await dict.size(), 2);
    assert.deepEqual(await dict.keys(), ['a', 'b']);
    assert.deepEqual(await dict.values(), [1, 2]);
    assert.deepEqual(await dict.entries(), [
      ['a', 1],
      ['b', 2],
    ]);
    assert.equal(await dict.delete('a'), true);
    assert.equal(await dict.delete('a'), false);
    await dict.clear();
    assert.equal(await dict.size(), 0);
  });

  test('a dict is made of pairs, of a Map, of an object, and of nothing else', async () => {
    const pairs = [
      [1, 'one'],
      [2, 'two'],
    ] as const;
    for (const init of [pairs, new Map(pairs)]) {
      assert.deepEqual(await manager.dict<number, string>(init).copy(), new Map(pairs));
    }
    for (const init of [5, 'text', [1, 2]]) {
      await assert.rejects(manager.dict(init as never).size(), TypeError);
    }
  });

  test('a dict sets by default, pops and assigns', async () => {
    const dict = manager.dict<string, number>();
    assert.equal(await dict.setDefault('a', 1), 1);
    assert.equal(await dict.setDefault('a', 2), 1);
    await dict.assign({ b: 2, c: 3 });
    await dict.assign([['c', 4]]);
    assert.equal(await dict.pop('a'), 1);
    assert.equal(await dict.pop('a'), undefined);
    assert.deepEqual(
      await dict.copy(),
      new Map([
        ['b', 2],
        ['c', 4],
      ]),
    );
  });

  test('update changes a dict in one step, from several processes', async () => {
    const dict = manager.dict<string, number>();
    const add = async (d: typeof dict): Promise<void> => {
      for (let i = 0; i < 100; i++) await d.update('n', (n = 0) => n + 1);
    };
    const adders = [start(add, dict), start(add, dict)];
    await add(dict);
    for (const p of adders) await p.join();
    assert.equal(await dict.get('n'), 300);
  });

  test('an update that throws, or is async, changes nothing', async () => {
    const dict = manager.dict<string, number>({ a: 1 });
    const failing = dict.update('a', () => {
      throw new RangeError('not today');
    });
    await assert.rejects(failing, { name: 'RangeError', message: 'not today' });
    await assert.rejects(dict.update('a', (async () => 2) as never), TypeError);
    await assert.rejects(dict.update('a', 5 as never), TypeError);
    assert.equal(await dict.get('a'), 1);
  });

  test('for await over a dict shows the entries of the beginning', async () => {
    const dict = manager.dict<string, number>({ a: 1, b: 2 });
    const seen: unknown[] = [];
    for await (const [key, value] of dict) {
      seen.push(key, value);
      await dict.clear();
    }
    assert.deepEqual(seen, ['a', 1, 'b', 2]);
  });
});

describe('a list', () => {
  test('a list answers to the methods of an Array', async () => {
    const list = manager.list([1, 2, 3]);
    assert.equal(await list.at(-1), 3);
    assert.equal(await list.at(7), undefined);
    await list.set(0, 10);
    assert.equal(await list.push(4, 5), 5);
    assert.equal(await list.unshift(0), 6);
    assert.equal(await list.shift(), 0);
    assert.equal(await list.pop(), 5);
    assert.deepEqual(await list.splice(1, 2, 7, 8, 9), [2, 3]);
    assert.deepEqual(await list.slice(1), [7, 8, 9, 4]);
    assert.deepEqual(await list.slice(-2, -1), [9]);
    assert.equal(await list.indexOf(8), 2);
    assert.equal(await list.includes(11), false);
    assert.equal(await list.length(), 5);
    assert.equal(await list.update(-1, (x) => x * 2), 8);
    await list.sort((a, b) => b - a);
    await list.reverse();
    assert.deepEqual(await list.toArray(), [7, 8, 8, 9, 10]);
    assert.deepEqual(await list.splice(3), [9, 10]);
    await list.clear();
    assert.equal(await list.length(), 0);
    assert.equal(await list.pop(), undefined);
  });

  test('an index outside a list is a RangeError, and nothing changes', async () => {
    const list = manager.list(new Set(['a']));
    for (const index of [1, -2]) {
      await assert.rejects(list.set(index, 'x'), RangeError);
      await assert.rejects(
        list.update(index, () => 'x'),
        RangeError,
      );
    }
    await assert.rejects(list.set(0.5, 'x'), TypeError);
    assert.deepEqual(await list.toArray(), ['a']);
    await assert
      .rejects(
        list.sort(() => {
          throw new Error('no order');
        }),
      )
      .catch(() => {});
    await assert.rejects(manager.list(5 as never).length(), TypeError);
  });

  test('for await over a list shows its items', async () => {
    const seen: number[] = [];
    for await (const item of manager.list([1, 2, 3])) seen.push(item);
    assert.deepEqual(seen, [1, 2, 3]);
  });
});

test('a set answers to the methods of a Set', async () => {
  const set = manager.set([1, 2, 2]);
  await set.add(3, 4);
  assert.equal(await set.has(3), true);
  assert.equal(await set.delete(3), true);
  assert.equal(await set.delete(3), false);
  assert.deepEqual(await set.values(), [1, 2, 4]);
  assert.equal(await set.size(), 3);
  assert.equal(await set.update(4, (n = 0) => n * 10), 40);
  assert.deepEqual(await set.copy(), new Set([1, 2, 40]));
  const seen: number[] = [];
  for await (const value of set) seen.push(value);
  assert.deepEqual(seen, [1, 2, 40]);
  await set.clear();
  assert.equal(await set.size(), 0);
});

test('a namespace has values by name, and none whose name begins with _', async () => {
  const space = manager.namespace({ x: 1, name: 'Bob' });
  await space.set('x', 2);
  assert.equal(await space.get('x'), 2);
  assert.equal(await space.update('x', (x = 0) => x + 1), 3);
  assert.deepEqual(await space.keys(), ['x', 'name']);
  assert.equal(await space.delete('name'), true);
  assert.equal(await space.get('name'), undefined);
  assert.equal(await space.has('name'), false);
  assert.deepEqual(await space.copy(), { x: 3 });
  await assert.rejects(space.get('_x' as never), RemoteError);
  await assert.rejects(space.set('_x' as never, 1 as never), RemoteError);
  await assert.rejects(manager.namespace({ _x: 1 }).keys(), RemoteError);
});

test('a value and an array can be read, changed and updated', async () => {
  const value = manager.value<unknown>({ a: 1 });
  assert.deepEqual(await value.get(), { a: 1 });
  await value.set(5);
  assert.equal(await value.update((n) => (n as number) + 1), 6);
  const array = manager.array(new Float64Array([1, 2, 3]));
  await array.set(1, 20);
  await assert.rejects(array.set(3, 1), RangeError);
  assert.equal(await array.update(2, (n) => -n), -3);
  assert.deepEqual(await array.toArray(), [1, 20, -3]);
  assert.equal(await array.length(), 3);
  await array.fill(0, 1);
  assert.deepEqual(await array.slice(), [1, 0, 0]);
});

describe('what is read out of a container', () => {
  test('a value that was read out of a container cannot be changed, at any depth', async () => {
    const nested = { list: [1, { deep: 1 }], map: new Map([['k', [1]]]), set: new Set([1]) };
    const dict = manager.dict<string, typeof nested>([['x', nested]]);
    // As plain JavaScript sees it: its type forbids the attempts.
    const read = (await dict.get('x')) as typeof nested;
    const attempts = [
      () => read.list.push(2),
      () => Object.assign(read, { more: 1 }),
      () => Object.assign(read.list[1] as object, { deep: 2 }),
      () => read.map.set('y', []),
      () => read.map.get('k')!.push(2),
      () => read.map.clear(),
      () => read.set.add(2),
    ];
    for (const attempt of attempts) assert.throws(attempt, TypeError);
    assert.deepEqual(await dict.get('x'), nested);
    await dict.update('x', (old) => {
      old!.list.push(3);
      return old!;
    });
    assert.deepEqual((await dict.get('x'))!.list, [1, { deep: 1 }, 3]);
  });

  test('what is read out of a container can be sent on, and set again', async () => {
    const dict = manager.dict<string, unknown>({ a: { m: new Map([[1, 2]]), s: new Set([1]), l: [1] } });
    await dict.set('b', await dict.get('a'));
    assert.deepEqual(await dict.get('b'), await dict.get('a'));
  });

  test('what is read out of a container is the caller’s own where it is not in the container any more', async () => {
    const list = manager.list([[1], [2]]);
    (await list.pop())!.push(3);
    (await list.toArray()).push([4]);
    assert.deepEqual(await list.toArray(), [[1]]);
    const queue = manager.queue<number[]>();
    await queue.put([1]);
    (await queue.get()).push(2);
  });
});

describe('proxies in containers', () => {
  test('proxies in containers stay proxies: all clients see a change', async () => {
    const dict = manager.dict<string, ListProxy<number>>();
    await dict.set('list', manager.list([1]));
    const list = (await dict.get('list'))!;
    assert.ok(list instanceof ListProxy);
    await list.push(2);
    assert.deepEqual(await (await dict.get('list'))!.toArray(), [1, 2]);
    const outer = manager.list<unknown>([dict, manager.dict({ a: 1 })]);
    const [first] = (await outer.toArray()) as [typeof dict];
    assert.deepEqual(await (await first.get('list'))!.toArray(), [1, 2]);
  });

  test('proxies in containers work from another process too', async () => {
    const dict = manager.dict<string, ListProxy<number>>();
    const child = start(
      async (d: typeof dict, m: ListProxy<number>) => {
        await d.set('theirs', m);
        await m.push(2);
      },
      dict,
      manager.list([1]),
    );
    await child.join();
    assert.deepEqual(await (await dict.get('theirs'))!.toArray(), [1, 2]);
  });

  test('a proxy is one object for each thread', async () => {
    const list = manager.list([1]);
    const holder = manager.list([list]);
    assert.equal(await holder.at(0), list);
  });
});
