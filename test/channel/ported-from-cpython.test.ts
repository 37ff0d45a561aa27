/**
 * Cases of CPython's own tests of multiprocessing.Queue and SimpleQueue (Lib/test/_test_multiprocessing.py, _TestQueue and
 * TestSimpleQueue), written anew for this library. CPython is Copyright (c) 2001 Python Software Foundation, under the PSF
 * licence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ClosedError, Empty, Full, Queue, SerializationError, SimpleQueue } from 'multiproc';
import { start } from '../inside.ts';

test('Q01, Q02 test_put', async () => {
  const queue = new Queue<number>(6);
  assert.equal(queue.empty(), true);
  assert.equal(queue.full(), false);
  await queue.put(1);
  await queue.put(2, {});
  await queue.put(3, { timeout: 1000 });
  queue.putSync(4, { timeout: 0 });
  queue.putSync(5);
  queue.putNowait(6);
  assert.equal(queue.empty(), false);
  assert.equal(queue.full(), true);
  assert.throws(() => queue.putNowait(7), Full);
  assert.throws(() => queue.putSync(7, { timeout: 0 }), Full);
  await assert.rejects(queue.put(7, { timeout: 0 }), Full);
  const begin = performance.now();
  assert.throws(() => queue.putSync(7, { timeout: 20 }), Full);
  await assert.rejects(queue.put(7, { timeout: 20 }), Full);
  assert.ok(performance.now() - begin >= 38);
  const p = start((q: Queue<number>) => {
    for (let i = 0; i < 6; i++) q.getSync();
  }, queue);
  await p.join();
  assert.equal(queue.empty(), true);
  assert.equal(queue.full(), false);
});

test('Q03 test_get', async () => {
  const queue = new Queue<number>();
  const p = start((q: Queue<number>) => {
    for (const n of [2, 3, 4, 5]) q.putSync(n);
  }, queue);
  await p.join();
  assert.equal(queue.empty(), false);
  assert.equal(await queue.get({}), 2);
  assert.equal(queue.getSync(), 3);
  assert.equal(await queue.get({ timeout: 1000 }), 4);
  assert.equal(queue.getNowait(), 5);
  assert.equal(queue.empty(), true);
  assert.throws(() => queue.getNowait(), Empty);
  assert.throws(() => queue.getSync({ timeout: 0 }), Empty);
  await assert.rejects(queue.get({ timeout: 0 }), Empty);
  assert.throws(() => queue.getSync({ timeout: 5 }), Empty);
});

test('Q04 test_timeout', async () => {
  const begin = performance.now();
  await assert.rejects(new Queue().get({ timeout: 200 }), Empty);
  // Timers count whole milliseconds.
  assert.ok(performance.now() - begin >= 199);
});

test('Q06 test_qsize', async () => {
  const queue = new Queue<number>();
  const sizes = [queue.qsize()];
  for (const step of [() => queue.put(1), () => queue.put(5), () => queue.get(), () => queue.get()]) {
    await step();
    sizes.push(queue.qsize());
  }
  assert.deepEqual(sizes, [0, 1, 2, 1, 0]);
});

test('Q09 test_queue_feeder_on_queue_feeder_error: here the put itself fails', async () => {
  const queue = new Queue<unknown>();
  await assert.rejects(queue.put(Symbol('no')), SerializationError);
  await queue.put(true);
  assert.equal(await queue.get(), true);
});

test('Q10, Q11 test_closed_queue_put_get_exceptions, test_closed_queue_empty_exceptions', async () => {
  const queue = new Queue<string>();
  assert.equal(queue.empty(), true);
  queue.close();
  await assert.rejects(queue.put('foo'), ClosedError);
  await assert.rejects(queue.get(), ClosedError);
  assert.throws(() => queue.empty(), ClosedError);
});

test('Q12 test_no_import_lock_contention', async () => {
  const module = fileURLToPath(new URL('./fixtures/uses-a-queue.js', import.meta.url));
  assert.equal((await import(module)).got, 'knock knock');
});

test('Q14 TestSimpleQueue', async () => {
  const queue = new SimpleQueue<boolean>();
  const p = start((q: SimpleQueue<boolean>) => {
    q.putSync(q.empty());
    q.putSync(q.empty());
  }, queue);
  await p.join();
  assert.equal(queue.empty(), false);
  assert.equal(await queue.get(), true);
  assert.equal(queue.getSync(), false);
  assert.equal(queue.empty(), true);
  queue.close();
  queue.close();
  assert.throws(() => queue.empty(), ClosedError);
});
