import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedError, Process, Queue, StateError } from 'multiproc';
import { type ShareableItem, ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { randomBelow } from '../seeded.ts';
import { exists, freshName } from './segments.ts';

/** Runs `use` with a list, and removes it. */
function withList<T>(items: Iterable<T & ShareableItem>, use: (list: ShareableList<T>) => void): void {
  using list = new ShareableList<T>(items);
  list.shm.unlink();
  use(list);
}

const VALUES: ShareableItem[] = [
  ...[0, -0, 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1e300],
  ...[2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 53, 2 ** 60, 2 ** 63],
  ...[0n, 5n, -5n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
  ...[true, false, null],
  ...['', 'a', '1234567', '12345678', '123456789', 'é日👍', 'a\0b', '\0', 'ab\0\0', 'x'.repeat(1000), '\ufeffbom'],
  ...[new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(1, 0, 2, 0, 0), new Uint8Array(100).fill(255)],
];

test('every value reads back exactly as it was written, type, sign and trailing NULs included', () => {
  withList(VALUES, (list) => {
    assert.deepEqual([...list], VALUES);
    for (const [i, value] of VALUES.entries()) {
      list.set(i, value);
      assert.deepEqual(list.at(i), value);
    }
    assert.deepEqual([...list], VALUES, 'nothing is written beside its slot');
  });
});

test('an item may become one of any kind, text and bytes as far as there is room', () => {
  withList<ShareableItem>(['0123456', 1, Uint8Array.of(1), 'end'], (list) => {
    for (const value of VALUES) {
      const bytes =
        typeof value === 'string' ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 8;
      if (bytes <= 8) {
        list[1] = value;
        assert.deepEqual(list[1], value);
      } else {
        const before = [...list];
        assert.throws(() => list.set(1, value), RangeError);
        assert.deepEqual([...list], before, 'what is refused changes nothing');
      }
    }
    assert.deepEqual([list[0], list[2], list[3]], ['0123456', Uint8Array.of(1), 'end']);
  });
});

test('what it cannot hold is refused before anything is made', () => {
  for (const wrong of [undefined, {}, [], Symbol('s'), () => {}, new Date(), new Int8Array(1), new ArrayBuffer(1)]) {
    assert.throws(() => new ShareableList([1, wrong as number]), TypeError);
  }
  for (const wrong of [2n ** 63n, -(2n ** 63n) - 1n, '\ud800', 'a\udc00', new Uint8Array(1e7)]) {
    assert.throws(() => new ShareableList([1, wrong]), RangeError);
  }
  for (const none of [undefined, null]) assert.throws(() => new ShareableList(none as undefined), TypeError);
});

test('indexes count from either end, and those that there are not are a RangeError', () => {
  withList([10, 20, 30], (list) => {
    assert.deepEqual([list.at(0), list.at(-1), list.at(-3), list[2]], [10, 30, 10, 30]);
    list.set(-1, 31);
    assert.equal(list[2], 31);
    for (const index of [3, -4, 0.5, Number.NaN]) {
      assert.throws(() => list.at(index), RangeError);
      assert.throws(() => list.set(index, 1), RangeError);
    }
    assert.throws(() => {
      list[1000] = 5;
    }, TypeError);
  });
  withList([1, 2, 3, 4, 5], (list) => assert.equal(list[4], 5));
  withList([1], (list) => assert.throws(() => list[4], RangeError));
});

test('count, index, length and format agree with what the list holds', () => {
  withList<ShareableItem>([1, 'a', 1, Uint8Array.of(1), null], (list) => {
    assert.deepEqual([list.count(1), list.count(Uint8Array.of(1)), list.count('b')], [2, 1, 0]);
    assert.deepEqual([list.index('a'), list.index(null), list.index(Uint8Array.of(1))], [1, 4, 3]);
    assert.throws(() => list.index('b'), RangeError);
    assert.equal(list.length, 5);
    assert.equal(list.format, 'q8sq8sxxxxxx?x');
  });
  withList([], (list) => assert.deepEqual([list.length, list.format, [...list]], [0, '', []]));
});

test('a list of a name is found by that name, and travels in the family', async () => {
  const name = freshName();
  using list = new ShareableList<ShareableItem>([1, 'two'], { name });
  assert.equal(list.shm.name, name);
  assert.throws(() => new ShareableList([1], { name }), StateError);
  using same = new ShareableList<ShareableItem>(undefined, { name });
  same[0] = 1.5;
  using third = ShareableList.attach(name);
  assert.deepEqual([...third], [1.5, 'two']);
  assert.throws(() => ShareableList.attach(freshName()), StateError);
  const queue = new Queue<ShareableList>();
  const p = new Process({
    target: async (a: ShareableList, q: Queue<ShareableList>) => {
      a[1] = (await q.get()).at(0) === 1.5 ? 'yes' : 'no';
    },
    args: [list, queue],
  });
  p.start();
  await queue.put(list);
  await p.join();
  assert.deepEqual([...same], [1.5, 'yes']);
  list.shm.unlink();
  assert.equal(exists(name), false);
});

test('memory that holds no list is refused, whatever is in it', () => {
  const random = randomBelow(1);
  for (let round = 0; round < 300; round++) {
    using memory = SharedMemory.create({ size: 1 + (round % 90) });
    for (let i = 0; i < memory.size; i++) {
      memory.buffer[i] = round % 3 === 0 ? random(256) : i % 8 === 0 ? random(5) : 0;
    }
    let list: ShareableList | undefined;
    try {
      list = new ShareableList(undefined, { name: memory.name });
      for (let i = 0; i < list.length; i++) list.at(i);
    } catch (error) {
      assert.ok(error instanceof TypeError, String(error));
    }
    list?.close();
    memory.unlink();
  }
});

test('a closed list answers ClosedError', () => {
  const list = new ShareableList([1, 2]);
  list.close();
  list.close();
  const uses = [
    () => list.at(0),
    () => list[0],
    () => list.set(0, 1),
    () => list.length,
    () => [...list],
    () => list.format,
  ];
  for (const use of uses) assert.throws(use, ClosedError);
  assert.throws(() => list.count(1), ClosedError);
  list.shm.unlink();
});
