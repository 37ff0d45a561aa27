import assert from 'node:assert/strict';
import { isMainThread } from 'node:worker_threads';
import { Empty, EndOfStreamError, Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, slay, start } from '../inside.ts';

test('get with producers rejects when the last of them is gone, however it ended', async () => {
  const q = new Queue<string>();
  using _ = watchdog('no producers left', 60, q);
  const idle = start((queue: Queue<string>) => void queue.getSync(), new Queue<string>());
  const done = start((queue: Queue<string>) => queue.putSync('one'), q);
  const producers = [idle.sentinel, done.sentinel];
  assert.equal(await q.get({ producers }), 'one');
  await done.join();
  const wait = q.get({ producers });
  await inLine(q, 1, [idle]);
  idle.kill();
  await assert.rejects(wait, EndOfStreamError);
  await assert.rejects(q.get({ producers }), { code: 'ERR_END_OF_STREAM' });
  await idle.join();
});

test('what a producer has put before its end comes before the end of the stream', async () => {
  const q = new Queue<number>();
  using _ = watchdog('items of the dead', 60, q);
  const p = start((queue: Queue<number>) => {
    for (let i = 0; i < 3; i++) queue.putSync(i);
    // A signal would end all threads.
    if (isMainThread) process.kill(process.pid, 'SIGKILL');
    process.exit(3);
  }, q);
  const got: number[] = [];
  await assert.rejects(async () => {
    for (;;) got.push(await q.get({ producers: [p.sentinel] }));
  }, EndOfStreamError);
  assert.deepEqual(got, [0, 1, 2]);
  await p.join();
});

test('a time-out, an abort and a shutdown end a get with producers as one without', async () => {
  const q = new Queue<number>();
  const p = start((queue: Queue<number>) => void queue.getSync(), new Queue<number>());
  const producers = [p.sentinel];
  await assert.rejects(q.get({ producers, timeout: 5 }), Empty);
  await assert.rejects(q.get({ producers, timeout: 0 }), Empty);
  const reason = new Error('enough');
  await assert.rejects(q.get({ producers, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const wait = q.get({ producers, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(wait, reason);
  q.putNowait(7);
  assert.equal(await q.get({ producers }), 7);
  q.shutdown();
  await assert.rejects(q.get({ producers }), { code: 'ERR_QUEUE_SHUT_DOWN' });
  await slay(p);
});

test('a get whose list of producers is empty takes only what is inside', async () => {
  const q = new Queue<number>();
  q.putNowait(1);
  assert.equal(await q.get({ producers: [] }), 1);
  await assert.rejects(q.get({ producers: [] }), EndOfStreamError);
  assert.throws(() => new Process().sentinel, { code: 'ERR_STATE' });
});
