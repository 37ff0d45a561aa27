import assert from 'node:assert/strict';
import { ClosedError, pipe, Queue, SimpleQueue } from 'multiproc';
import { wait } from 'multiproc/connection';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { start } from '../inside.ts';
import { watched } from '../watchdog.ts';

test('queues are ready when they have an item, or never will', async () => {
  using _ = watchdog('queues', 60);
  const queue = new Queue<number>();
  const simple = new SimpleQueue<string>();
  assert.deepEqual(await wait([queue, simple], { timeout: 0 }), []);
  const waiting = wait([queue, simple]);
  const child = start((q: Queue<number>) => q.putSync(1), queue);
  assert.deepEqual(await watched(waiting), [queue]);
  assert.equal(queue.getNowait(), 1);
  await child.join();
  await simple.put('x');
  queue.shutdown();
  assert.deepEqual(await wait([queue, simple]), [queue, simple]);
});

test('a wait that is over, or aborted, leaves nobody in line', async () => {
  using _ = watchdog('left in line', 60);
  const queue = new Queue<number>();
  const [a, b] = pipe();
  assert.deepEqual(await wait([queue, a], { timeout: 5 }), []);
  const stop = new AbortController();
  const aborted = wait([queue, a], { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(aborted, /enough/);
  const taken = queue.get();
  await queue.put(7);
  assert.equal(await taken, 7);
  await b.send(8);
  assert.equal(await a.recv(), 8);
});

test('many waits for one thing are all served', async () => {
  using _ = watchdog('many', 60);
  const queue = new Queue<number>();
  const waits = Array.from({ length: 5 }, () => wait([queue]));
  const got = queue.get();
  await queue.put(1);
  assert.equal(await watched(got), 1);
  await queue.put(2);
  for (const one of waits) await watched(one);
});

test('what is no waitable, and what is closed, is refused', async () => {
  const [a] = pipe();
  await assert.rejects(wait([a, 5 as never]), TypeError);
  a.close();
  await assert.rejects(wait([a]), ClosedError);
});
