/**
 * Cases of CPython's own tests of Value, Array, SharedMemory and ShareableList (Lib/test/_test_multiprocessing.py, _TestValue,
 * _TestArray, _TestSharedCTypes, _TestSharedMemory), written anew for this library. CPython is Copyright (c) 2001 Python Software
 * Foundation, under the PSF licence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, Process, Queue, type Scalar, SharedArray, SharedValue, StateError } from 'multiproc';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { start } from '../inside.ts';
import { freshName } from './segments.ts';

test('V01 test_value: what a child assigns the parent sees', async () => {
  const codes: [Scalar, number | bigint, number | bigint][] = [
    ['int32', 4343, 24234],
    ['float64', 3.625, -4.25],
    ['int16', -232, 234],
    ['bigint64', 2n ** 33n, 2n ** 34n],
    ['uint8', 120, 121],
  ];
  const values = codes.map(([type, initial]) => new SharedValue(type as 'int32', initial as number));
  for (const [i, [, initial]] of codes.entries()) assert.equal(values[i]!.value, initial);
  const assigned = codes.map(([, , value]) => value as number);
  const p = start(
    (all: typeof values, to: number[]) => {
      for (const [i, value] of all.entries()) value.value = to[i]!;
    },
    values,
    assigned,
  );
  await p.join();
  for (const [i, value] of assigned.entries()) assert.equal(values[i]!.value, value);
});

test('V02 test_getobj_getlock: a lock of its own, the given one, or none', () => {
  for (const make of [
    (o?: { lock?: boolean | Lock }) => new SharedValue('int32', 5, o),
    (o?: { lock?: boolean | Lock }) => new SharedArray('int32', [...Array(10).keys()], o),
  ]) {
    assert.ok(make().getLock() instanceof Lock);
    assert.ok(make({ lock: true }).getLock() instanceof Lock);
    const lock = new Lock();
    assert.equal(make({ lock }).getLock(), lock);
    assert.throws(() => make({ lock: false }).getLock(), StateError);
    assert.throws(() => make({ lock: 'notalock' as unknown as Lock }), TypeError);
  }
});

test('V03 test_array: a child changes it in place', async () => {
  const prefixSums = (sequence: { [i: number]: number; length: number }) => {
    for (let i = 1; i < sequence.length; i++) sequence[i] = sequence[i]! + sequence[i - 1]!;
  };
  const expected = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
  const array = new SharedArray('int32', expected);
  assert.equal(array.length, 10);
  assert.deepEqual([...array.view.subarray(2, 7)], expected.slice(2, 7));
  array.view.set([1, 2, 3, 4], 4);
  expected.splice(4, 4, 1, 2, 3, 4);
  assert.deepEqual([...array], expected);
  prefixSums(expected);
  const p = start((sum: typeof prefixSums, a: SharedArray<'int32'>) => sum(a.view), prefixSums, array);
  await p.join();
  assert.deepEqual([...array], expected);
});

test('V03 test_array_from_size: always zeros, even where memory is used again', () => {
  for (let i = 0; i < 3; i++) {
    const array = new SharedArray('int32', 10);
    assert.deepEqual([...array], Array(10).fill(0));
    array.view.set([...Array(10).keys()]);
    assert.deepEqual([...array], [...Array(10).keys()]);
    array.close();
  }
});

test('V04 test_sharedctypes: values and arrays are doubled in place', async () => {
  const [x, y] = [new SharedValue('int32', 7), new SharedValue('float64', 1 / 3)] as const;
  const big = new SharedValue('bigint64', 2n ** 33n);
  const array = new SharedArray('float64', [...Array(10).keys()]);
  const text = new SharedArray('uint8', Buffer.from('hello'.padEnd(20, '\0')));
  const p = start(
    (a: typeof x, b: typeof y, c: typeof big, d: typeof array, e: typeof text) => {
      a.value *= 2;
      b.value *= 2;
      c.value *= 2n;
      for (const [i, n] of d.view.entries()) d.view[i] = n * 2;
      e.view.copyWithin(5, 0, 5);
    },
    x,
    y,
    big,
    array,
    text,
  );
  await p.join();
  assert.deepEqual([x.value, y.value, big.value], [14, 2 / 3, 2n ** 34n]);
  assert.deepEqual(
    [...array],
    [...Array(10).keys()].map((n) => n * 2),
  );
  assert.equal(Buffer.from(text.view).toString().replaceAll('\0', ''), 'hellohello');
});

test('V04 test_copy: a copy is independent', () => {
  const value = new SharedValue('int32', 2);
  const copy = new SharedValue('int32', value.value);
  value.value = 5;
  assert.equal(copy.value, 2);
});

test('H01 test_shared_memory_basics', () => {
  const name = freshName();
  using memory = SharedMemory.create({ name, size: 512 });
  memory.buffer[0] = 42;
  assert.equal(memory.size, 512);
  assert.equal(memory.buffer.length, 512);
  using other = SharedMemory.attach(name);
  assert.deepEqual([other.buffer[0], other.size], [42, 512]);
  other.buffer[1] = 43;
  assert.equal(memory.buffer[1], 43);
  assert.throws(() => SharedMemory.create({ name, size: 512 }), StateError);
  assert.throws(() => SharedMemory.attach(`${name}-unknown`), StateError);
  memory.unlink();
  assert.throws(() => SharedMemory.attach(name), StateError);
  memory.close();
});

test('H01 test_invalid_shared_memory_creation', () => {
  for (const size of [-1, 0]) assert.throws(() => SharedMemory.create({ size }), RangeError);
  assert.throws(() => SharedMemory.create({} as { size: number }), TypeError);
  assert.throws(() => SharedMemory.attach(undefined as unknown as string), TypeError);
});

test('H02 test_shared_memory_pickle_unpickle and _dead_object', () => {
  using memory = SharedMemory.create({ size: 512 });
  const queue = new Queue<SharedMemory>();
  memory.buffer.set(Buffer.from('hello'));
  queue.putSync(memory);
  queue.putSync(memory);
  using same = queue.getSync();
  assert.equal(Buffer.from(same.buffer.subarray(0, 5)).toString(), 'hello');
  same.buffer.set(Buffer.from('HELLO'));
  assert.equal(Buffer.from(memory.buffer.subarray(0, 5)).toString(), 'HELLO');
  memory.unlink();
  assert.throws(() => queue.getSync(), StateError);
});

test('H02 test_shared_memory_across_processes: by name and by object', async () => {
  using memory = SharedMemory.create({ size: 512 });
  const write = (to: string | SharedMemory, text: string) => {
    const there = typeof to === 'string' ? SharedMemory.attach(to) : to;
    there.buffer.set(Buffer.from(text));
    there.close();
  };
  for (const [to, text] of [
    [memory.name, 'howdy'],
    [memory, 'HELLO'],
  ] as const) {
    const p = new Process({ target: write, args: [to, text] });
    p.start();
    await p.join();
    assert.equal(Buffer.from(memory.buffer.subarray(0, 5)).toString(), text);
  }
  memory.unlink();
});

test('H06 test_shared_memory_ShareableList_basics', () => {
  const items = ['howdy', Buffer.from('HoWdY'), -273.154, 100, null, true, 42];
  using list = new ShareableList(items.map((item) => (item instanceof Buffer ? new Uint8Array(item) : item)));
  assert.equal(list.format, '8s8sdqxxxxxx?xxxxxxxx?q');
  assert.equal(list.length, 7);
  list[4] = 'without';
  list.set(-1, 'is room'); // a slot of eight bytes
  assert.deepEqual([list[4], list.at(-1)], ['without', 'is room']);
  assert.throws(() => list.at(7), RangeError);
  assert.throws(() => list.at(-8), RangeError);
  assert.throws(() => list.set(7, 1), RangeError);
  assert.throws(() => list.set(-8, 1), RangeError);

  // In place, from one type to another.
  list[3] = 42;
  list[4] = 'some';
  assert.throws(() => list.set(4, 'far too many bytes'), /room for 8 bytes/);
  assert.equal(list[4], 'some');
  list[0] = 'hello';
  assert.throws(() => list.set(0, 'Philipe A. Gonzales'), RangeError);
  // Six letters of eleven bytes: more than there is room for, and nothing of the neighbour is touched.
  assert.throws(() => list.set(0, 'ééééñ!'), RangeError);
  assert.deepEqual([list[0], Buffer.from(list[1] as Uint8Array).toString()], ['hello', 'HoWdY']);

  assert.equal(list.count(42), 1);
  assert.equal(list.count('b'), 0);
  assert.equal(list.index('hello'), 0);
  assert.throws(() => list.index(100), RangeError);

  // One of the same name is the same list; one of its items is another.
  using tethered = new ShareableList<unknown>(undefined, { name: list.shm.name });
  using copy = new ShareableList<unknown>([...list]);
  tethered[3] = 43;
  assert.deepEqual([list[3], copy[3]], [43, 42]);
  assert.notEqual(copy.shm.name, list.shm.name);
  copy.shm.unlink();
  list.shm.unlink();
});

test('H07 test_shared_memory_ShareableList_pickling: what travels is the name', () => {
  const queue = new Queue<ShareableList<number>>();
  using list = new ShareableList([...Array(10).keys()]);
  queue.putSync(list);
  using same = queue.getSync();
  same[0] = 99;
  assert.deepEqual([list[0], same.shm.name, [...same].length], [99, list.shm.name, 10]);
  list.shm.unlink();
});
