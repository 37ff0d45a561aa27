import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PriorityQueue } from 'multiproc/queue';
import { randomBelow } from '../seeded.ts';

function drain<T>(q: PriorityQueue<T>): T[] {
  const items: T[] = [];
  while (!q.empty()) items.push(q.getNowait());
  return items;
}

async function sorted<T>(items: T[]): Promise<T[]> {
  const q = new PriorityQueue<T>();
  await q.putMany(items);
  return drain(q);
}

describe('the order of a PriorityQueue', () => {
  test('a PriorityQueue orders numbers, bigints and booleans among each other', async () => {
    assert.deepEqual(await sorted([3, 2n, 1.5, true, -0, Number.NEGATIVE_INFINITY]), [
      Number.NEGATIVE_INFINITY,
      -0,
      true,
      1.5,
      2n,
      3,
    ]);
  });

  test('a PriorityQueue orders strings by their characters', async () => {
    assert.deepEqual(await sorted(['b', 'a', 'B', '']), ['', 'B', 'a', 'b']);
  });

  test('a PriorityQueue orders arrays element by element, the shorter first', async () => {
    assert.deepEqual(await sorted<unknown[]>([[2, 'a'], [1, 'b'], [1], [1, 'a'], [], [1, ['x', 2]].slice(0, 1)]), [
      [],
      [1],
      [1],
      [1, 'a'],
      [1, 'b'],
      [2, 'a'],
    ]);
    assert.deepEqual(
      await sorted([
        [1, [2, 3]],
        [1, [2, 1]],
      ]),
      [
        [1, [2, 1]],
        [1, [2, 3]],
      ],
    );
  });

  test('a PriorityQueue orders objects by valueOf, dates by time', async () => {
    const late = new Date(2);
    const soon = new Date(1);
    assert.deepEqual(await sorted([late, soon]), [soon, late]);
    const job = (n: number) => ({ n, valueOf: () => n });
    assert.deepEqual(
      (await sorted([job(2), job(3), job(1)])).map((j) => j.n),
      [1, 2, 3],
    );
  });

  test('a PriorityQueue gives equal items in the order in which they came, over many chunks', async () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({ priority: i % 3, i, valueOf: () => i % 3 }));
    const expected = [...items].sort((a, b) => a.priority - b.priority); // sort is stable
    assert.deepEqual(await sorted(items), expected);
  });

  test('a PriorityQueue holds one and the same object twice', async () => {
    const item = { no: 'order' };
    assert.deepEqual(await sorted([[1, item] as const, [1, item] as const]), [
      [1, item],
      [1, item],
    ]);
  });

  test('a PriorityQueue orders as sort does, puts and gets mixed (seeded)', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = randomBelow(seed);
      const q = new PriorityQueue<[number, number]>();
      let model: [number, number][] = [];
      for (let step = 0; step < 6000; step++) {
        if (random(5) < 3 || model.length === 0) {
          const item: [number, number] = [random(50), step];
          q.putNowait(item);
          model.push(item);
        } else {
          model.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
          assert.deepEqual(q.getNowait(), model.shift(), `seed ${seed}, step ${step}`);
        }
      }
      model = model.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(drain(q), model, `seed ${seed}`);
    }
  });
});

describe('what has no order', () => {
  const pairs: [string, unknown, unknown][] = [
    ['a number and a string', 1, 'a'],
    ['plain objects', { a: 1 }, { a: 2 }],
    ['objects without a prototype', Object.create(null), Object.create(null)],
    ['undefined', undefined, 1],
    ['null', null, 1],
    ['NaN', 1, Number.NaN],
    ['an invalid date', new Date(1), new Date(Number.NaN)],
    ['symbols', Symbol('a'), Symbol('b')],
    ['functions', () => 1, () => 2],
    ['an array and a number', [1], 1],
    ['arrays that tie until such a pair', [1, { a: 1 }], [1, { a: 2 }]],
    ['arrays with other kinds at one place', [1, 'a'], [1, 2]],
  ];

  for (const [what, a, b] of pairs) {
    test(`${what} has no order: the put throws a TypeError, and the queue is as it was`, async () => {
      const q = new PriorityQueue<unknown>();
      await q.put(a);
      await assert.rejects(q.put(b), { name: 'TypeError', message: /have no order: put numbers/ });
      assert.throws(() => q.putNowait(b), TypeError);
      assert.throws(() => q.putSync(b), TypeError);
      assert.equal(q.qsize(), 1);
      assert.equal(q.getNowait(), a);
      q.taskDone();
      await q.join({ timeout: 0 });
    });
  }

  test('an item without an order is found by the put even between items that only meet when others are gone', () => {
    const q = new PriorityQueue<unknown[]>();
    for (let i = 0; i < 1500; i++) if (i !== 700) q.putNowait([i, {}]);
    q.putNowait([700, { first: true }]);
    assert.throws(() => q.putNowait([700, { second: true }]), TypeError);
    assert.equal(drain(q).length, 1500);
  });

  test('an item without an order leaves in what a putMany has put before it', async () => {
    const q = new PriorityQueue<unknown>();
    await assert.rejects(q.putMany([3, 1, 'x', 2]), TypeError);
    assert.deepEqual(drain(q), [1, 3]);
  });

  test('an item without an order hits the put that waited, and the next in line gets the place', async () => {
    const q = new PriorityQueue<unknown>(2);
    await q.putMany([1, 2]);
    const waiting = Promise.allSettled([q.put('x'), q.put(3)]);
    assert.equal(q.getNowait(), 1);
    assert.deepEqual(
      (await waiting).map((r) => r.status),
      ['rejected', 'fulfilled'],
    );
    assert.deepEqual(drain(q), [2, 3]);
  });
});
