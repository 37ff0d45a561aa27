import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ClosedError, Lock, Pool, Queue, SharedArray, StateError } from 'multiproc';
import { heapBytes, start } from '../inside.ts';

const types = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bigint64: BigInt64Array,
  biguint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

for (const [type, Class] of Object.entries(types)) {
  test(`the view of a ${type} array is a ${Class.name} over bytes that other processes change`, async () => {
    const array = new SharedArray(type as 'int32', 5);
    assert.equal(array.view.constructor, Class);
    assert.equal(array.view, array.view);
    assert.equal(array.view.byteOffset, 0);
    assert.equal(array.view.buffer.byteLength, 5 * Class.BYTES_PER_ELEMENT);
    const one = (type.startsWith('big') ? 1n : 1) as number;
    assert.deepEqual([...array], Array(5).fill((one as number) - one));
    const p = start(
      (a: typeof array, n: number) => {
        a.view[4] = n;
      },
      array,
      one,
    );
    await p.join();
    assert.equal(array.view[4], one);
  });
}

test('an array is made of a length, or of items, each checked', () => {
  assert.deepEqual([...new SharedArray('int8', [1, -2, 127])], [1, -2, 127]);
  assert.deepEqual([...new SharedArray('int8', new Set([1, 2]))], [1, 2]);
  assert.deepEqual([...new SharedArray('float32', new Float64Array([0.5, -1]))], [0.5, -1]);
  assert.deepEqual([...new SharedArray('bigint64', [1n])], [1n]);
  assert.deepEqual([...new SharedArray('int16', new SharedArray('int16', [3, 4]))], [3, 4]);
  assert.deepEqual([...new SharedArray('int16', new SharedArray('int16', [3, 4]).view)], [3, 4]);
  assert.throws(() => new SharedArray('int8', [1, 128]), /item 1 of 128 does not fit/);
  assert.throws(() => new SharedArray('uint8', new Int8Array([-1])), RangeError);
  assert.throws(() => new SharedArray('int32', [1.5]), RangeError);
  assert.throws(() => new SharedArray('int32', ['1'] as unknown as number[]), TypeError);
  assert.throws(() => new SharedArray('bigint64', [1] as unknown as bigint[]), TypeError);
  for (const wrong of [-1, 1.5, Number.NaN]) assert.throws(() => new SharedArray('int32', wrong), RangeError);
  for (const wrong of [undefined, null, {}, true]) {
    assert.throws(() => new SharedArray('int32', wrong as unknown as number), TypeError);
  }
  assert.throws(() => new SharedArray('x' as 'int8', 1), TypeError);
});

test('an empty array is an array', async () => {
  const empty = new SharedArray('float64', 0);
  const queue = new Queue<unknown>();
  queue.putSync([empty, empty.view]);
  assert.deepEqual(queue.getSync(), [empty, new Float64Array(0)]);
  assert.equal(empty.length, 0);
});

test('memory that others have used before comes as zeros, small and large', () => {
  for (const length of [10, 5000, 30_000, 300_000, 2 ** 21 + 3]) {
    for (let i = 0; i < 3; i++) {
      const array = new SharedArray('uint8', length);
      assert.ok(
        array.view.every((n) => n === 0),
        `${length}`,
      );
      array.view.fill(255);
      const other = new SharedArray('uint8', length);
      other.view.fill(255);
      array.close();
    }
    // Their blocks are free again once the views are collected.
    for (let i = 0; i < 100; i++) new Queue().close();
  }
});

test('memory comes as zeros when a message has used it before', async () => {
  for (const length of [40_000, 200_000, 3_000_000]) {
    const queue = new Queue<unknown>();
    queue.putSync(new Uint8Array(length).fill(7));
    queue.close(); // frees the block of the message
    const array = new SharedArray('uint8', length);
    assert.equal(
      array.view.findIndex((n) => n !== 0),
      -1,
    );
  }
});

test('what no view can show is a RangeError', () => {
  const largest = new SharedArray('uint8', 2 ** 30 - 64);
  largest.view[largest.length - 1] = 7;
  assert.deepEqual([largest.view.at(-1), largest.view.at(-2)], [7, 0]);
  assert.throws(() => new SharedArray('uint8', 2 ** 30), RangeError);
  assert.throws(() => new SharedArray('float64', 2 ** 27), /at most 134217720 numbers of type float64/);
  assert.throws(() => new SharedArray('int8', Number.MAX_SAFE_INTEGER), RangeError);
});

test('a hundred million float64 take memory only where they are touched, and reach another process', async () => {
  const before = heapBytes();
  const array = new SharedArray('float64', 100_000_000);
  assert.equal(array.view.length, 100_000_000);
  assert.ok(heapBytes() - before < 10e6);
  array.view[99_999_999] = 1.5;
  await using pool = new Pool(1);
  assert.equal(await pool.apply((a: SharedArray<'float64'>) => (a.view[0]! += a.view[a.length - 1]!), [array]), 1.5);
  assert.equal(array.view[0], 1.5);
});

test('an array has a lock of its own, a given one, or none', () => {
  const lock = new Lock();
  assert.equal(new SharedArray('int8', 1, { lock }).getLock(), lock);
  const array = new SharedArray('int8', 1);
  assert.equal(array.getLock(), array.getLock());
  assert.throws(() => new SharedArray('int8', 1, { lock: false }).getLock(), StateError);
  assert.throws(() => new SharedArray('int8', 1, 5 as never), TypeError);
});

test('a closed array answers ClosedError; views taken before go on to show the bytes', async () => {
  const array = new SharedArray('int32', [1, 2, 3]);
  const { view } = array;
  const queue = new Queue<SharedArray<'int32'>>();
  queue.putSync(array);
  array.close();
  array.close();
  for (const use of [() => array.view, () => array.length, () => array.getLock(), () => [...array]]) {
    assert.throws(use, ClosedError);
  }
  assert.throws(() => queue.putSync(array), ClosedError);
  const again = queue.getSync();
  view[0] = 9;
  assert.deepEqual([...again], [9, 2, 3]);
  again.close();
  for (let i = 0; i < 50; i++) new SharedArray('int32', [7, 7, 7]);
  assert.deepEqual([...view], [9, 2, 3], 'nobody else has got the memory');
});

test('arrays and views that are dropped give their memory back, a view that is kept keeps its bytes', () => {
  const path = fileURLToPath(new URL('./fixtures/dropped-arrays.js', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', path], { encoding: 'utf8' });
  assert.equal(status, 0);
  const { heap, kept } = JSON.parse(stdout);
  assert.deepEqual(kept, [1, 2, 3]);
  assert.ok(heap < 5e6, `${heap} bytes more`);
});
