import assert from 'node:assert/strict';
import { ClosedError, JoinableQueue, Queue, ShutDown, StateError, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { start } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

test('a JoinableQueue is a Queue, with a bound if wanted', async () => {
  const queue = new JoinableQueue<number>(2);
  assert.ok(queue instanceof Queue);
  await queue.putMany([1, 2]);
  assert.deepEqual([queue.maxsize, queue.full(), queue.qsize()], [2, true, 2]);
  assert.deepEqual(await queue.getMany(2), [1, 2]);
});

test('join waits until every item is done, not just taken', async () => {
  const queue = new JoinableQueue<number>();
  await queue.join();
  queue.joinSync();
  assert.throws(() => queue.taskDone(), StateError);
  await queue.putMany([1, 2]);
  assert.deepEqual(await queue.getMany(2), [1, 2]);
  await assert.rejects(queue.join({ timeout: 1 }), TimeoutError);
  assert.throws(() => queue.joinSync({ timeout: 0 }), /2 items/);
  let joined = false;
  const join = queue.join().then(() => {
    joined = true;
  });
  queue.taskDone();
  await assert.rejects(queue.join({ timeout: 1 }), /1 items/);
  assert.equal(joined, false);
  queue.taskDone();
  await join;
  assert.throws(() => queue.taskDone(), { code: 'ERR_STATE' });
});

test('join refuses options that make no sense, and ends with an abort and with close', async () => {
  const queue = new JoinableQueue<number>();
  queue.putSync(1);
  await assert.rejects(queue.join({ timeout: -1 }), RangeError);
  assert.throws(() => queue.joinSync({ timeout: Number.NaN }), RangeError);
  const reason = new Error('enough');
  await assert.rejects(queue.join({ signal: AbortSignal.abort(reason) }), reason);
  const join = queue.join();
  queue.close();
  await assert.rejects(join, ClosedError);
  await assert.rejects(queue.join(), ClosedError);
  assert.throws(() => queue.joinSync(), ClosedError);
  assert.throws(() => queue.taskDone(), ClosedError);
});

test('an immediate shutdown makes what is inside done, and not what is in hand', async () => {
  const queue = new JoinableQueue<number>();
  await queue.putMany([1, 2, 3]);
  assert.equal(await queue.get(), 1);
  const join = queue.join();
  queue.shutdown({ immediate: true });
  await assert.rejects(queue.get(), ShutDown);
  await assert.rejects(queue.join({ timeout: 1 }), TimeoutError);
  queue.taskDone();
  await join;
  assert.throws(() => queue.taskDone(), StateError);
});

test('consumers elsewhere finish what producers elsewhere have put', async () => {
  const queue = new JoinableQueue<number>(10);
  using _ = watchdog('join across', 60, queue);
  const consume = async (q: JoinableQueue<number>): Promise<void> => {
    for await (const _ of q) q.taskDone();
  };
  const consumers = [start(consume, queue), start(consume, queue)];
  const produce = (q: JoinableQueue<number>): void => {
    for (let i = 0; i < 2000; i++) q.putSync(i);
    q.joinSync();
  };
  const producers = [start(produce, queue), start(produce, queue)];
  await Promise.all(producers.map((p) => p.join()));
  await queue.join(TIMEOUT);
  assert.equal(queue.empty(), true);
  queue.shutdown();
  await Promise.all(consumers.map((p) => p.join()));
  assert.deepEqual(
    [...producers, ...consumers].map((p) => p.exitCode),
    [0, 0, 0, 0],
  );
});
