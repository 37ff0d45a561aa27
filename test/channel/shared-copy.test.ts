import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedError, Pool, Queue, SerializationError, Shared, share } from 'multiproc';
import { heapBytes, start } from '../inside.ts';

test('a shared value is decoded in each process, as it was when it was shared', async () => {
  const original = { list: [1, 2], map: new Map([['k', new Uint8Array(100_000).fill(7)]]) };
  const shared = share(original);
  original.list.push(3);
  assert.deepEqual(shared.value.list, [1, 2]);
  assert.equal(shared.value, shared.value);
  await using pool = new Pool(2);
  const sums = await pool.map((i) => shared.value.list.length + shared.value.map.get('k')![i]!, [0, 1, 2]);
  assert.deepEqual(sums, [9, 9, 9]);
  const answers = new Queue<unknown>();
  await start(
    async (s: typeof shared, q: typeof answers) => {
      await q.put(s.value.list);
      await q.put(s);
    },
    shared,
    answers,
  ).join();
  assert.deepEqual(await answers.get(), [1, 2]);
  assert.equal(await answers.get(), shared);
});

test('functions and other shared objects may be in a shared value', async () => {
  const queue = new Queue<number>();
  const factor = 3;
  const shared = share({ queue, times: (n: number) => n * factor });
  await start(async (s: typeof shared) => s.value.queue.put(s.value.times(7)), shared).join();
  assert.equal(await queue.get(), 21);
});

test('share() refuses what cannot be sent; a closed value cannot be read and leaves nothing', () => {
  assert.throws(() => share({ a: Symbol('x') }), SerializationError);
  const before = heapBytes();
  for (let i = 0; i < 50; i++) share(new Uint8Array(1e6)).close();
  assert.ok(heapBytes() - before < 8e6, String(heapBytes() - before));
  const shared = share(5);
  assert.ok(shared instanceof Shared);
  shared.close();
  shared.close();
  assert.throws(() => shared.value, ClosedError);
});
