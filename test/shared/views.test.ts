import assert from 'node:assert/strict';
import { Pool, Process, Queue, SharedArray } from 'multiproc';
import { test } from '../cases.ts';
import { holders } from '../inside.ts';

test('a slice of a view is the same bytes in a process that gets it', async () => {
  const array = new SharedArray('float64', [5, 3, 1, 4, 2, 0]);
  const p = new Process({ target: (slice: Float64Array) => void slice.sort(), args: [array.view.subarray(1, 5)] });
  p.start();
  await p.join();
  assert.deepEqual([...array], [5, 1, 2, 3, 4, 0]);
});

test('mapChunks over a view gives slices of the same bytes, however large', async () => {
  const array = new SharedArray('uint32', 200_000);
  await using pool = new Pool(2);
  await pool.mapChunks((part: Uint32Array, start) => {
    for (let i = 0; i < part.length; i++) part[i] = start + i;
    return part.length;
  }, array.view);
  assert.equal(
    array.view.findIndex((n, i) => n !== i),
    -1,
  );
});

test('a task may answer a slice, and a function may capture one', async () => {
  const { view } = new SharedArray('int16', 10);
  await using pool = new Pool(1);
  const answer = await pool.apply(() => {
    view[3] = 7;
    return view.subarray(2, 4);
  });
  assert.deepEqual([view[3], ...answer], [7, 0, 7]);
  assert.equal(answer.buffer, view.buffer);
});

test('all that looks at the bytes crosses as such: ArrayBuffer, DataView, Buffer, other typed arrays', () => {
  const { view } = new SharedArray('uint8', 64);
  const { buffer, byteOffset: at } = view;
  const queue = new Queue<unknown>();
  queue.putSync([
    buffer,
    new DataView(buffer, at + 8, 4),
    Buffer.from(buffer, at + 3, 5),
    new Float64Array(buffer, at + 16, 2),
    view.subarray(64),
    { again: view },
  ]);
  const [whole, data, bytes, floats, none, { again }] = queue.getSync() as [
    ArrayBuffer,
    DataView,
    Buffer,
    Float64Array,
    Uint8Array,
    { again: Uint8Array },
  ];
  assert.equal(whole, buffer);
  for (const part of [data, bytes, floats, none, again]) assert.equal(part.buffer, buffer);
  assert.deepEqual([data.byteOffset, data.byteLength], [at + 8, 4]);
  assert.ok(Buffer.isBuffer(bytes));
  assert.deepEqual([bytes.byteOffset, bytes.length], [at + 3, 5]);
  assert.deepEqual([floats.byteOffset, floats.length], [at + 16, 2]);
  assert.deepEqual([none.byteOffset, none.length], [at + 64, 0]);
  assert.equal(again.length, 64);
});

test('shared and ordinary memory go in one message', () => {
  const { view } = new SharedArray('uint8', [1, 2, 3]);
  const queue = new Queue<unknown>();
  const large = new Uint8Array(50_000).fill(4);
  queue.putSync([Uint8Array.of(9), view.subarray(1), large, view.slice(1)]);
  const [small, shared, blob, copy] = queue.getSync() as Uint8Array[];
  view[1] = 8;
  assert.deepEqual([small![0], [...shared!], blob!.length, [...copy!]], [9, [8, 3], 50_000, [2, 3]]);
});

test('a view keeps the bytes while it is on its way, and where it has arrived', async () => {
  const queue = new Queue<Int32Array>();
  const p = new Process({
    target: async (q: Queue<Int32Array>) => {
      const array = new SharedArray('int32', [1, 2, 3]);
      await q.put(array.view.subarray(1));
      array.close();
    },
    args: [queue],
  });
  p.start();
  await p.join();
  const view = await queue.get();
  for (let i = 0; i < 50; i++) new SharedArray('int32', [7, 7, 7]);
  assert.deepEqual([...view], [2, 3]);
});

test('what cannot be sent beside a view leaves nothing held', () => {
  const array = new SharedArray('int32', 4);
  const before = holders(array as never);
  const queue = new Queue<unknown>();
  assert.throws(() => queue.putSync([array, array.view, Symbol('no')]));
  assert.equal(holders(array as never), before);
  queue.putSync(array.view);
  assert.equal(queue.getSync() instanceof Int32Array, true);
});
