import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Pool, Process, Queue, SerializationError, ThreadPool } from 'multiproc';
import { Listener } from 'multiproc/connection';
import { BaseManager, Manager } from 'multiproc/managers';
import { PriorityQueue, Queue as QueueHere, SimpleQueue as SimpleQueueHere } from 'multiproc/queue';

const pool = new Pool(1);
const listener = new Listener();
const process = new Process({ target: () => {} });
process.start();
after(() => {
  pool.terminate();
  listener.close();
});

const bound: Record<string, [object, RegExp]> = {
  Pool: [pool, /a Pool is bound to its process; .*pool\.wrap/],
  ThreadPool: [new ThreadPool(1), /a ThreadPool is bound to its process; .*pool\.wrap/],
  'AsyncResult of a pool': [pool.applyAsync(() => 1), /a Promise is bound to its process; await it first/],
  'iteration of imap': [pool.imap((x) => x, [1]), /is bound to its process; send the results/],
  Listener: [listener, /a Listener is bound to its process; send its address/],
  Manager: [new Manager(), /a Manager is bound to its process; send a proxy/],
  BaseManager: [new BaseManager(), /a BaseManager is bound to its process; send a proxy/],
  'Queue of multiproc/queue': [new QueueHere(), /a Queue is bound to its process; use the Queue of multiproc/],
  'PriorityQueue of multiproc/queue': [new PriorityQueue(), /a PriorityQueue is bound to its process; use the Queue/],
  'SimpleQueue of multiproc/queue': [new SimpleQueueHere(), /a SimpleQueue is bound to its process; use the Queue/],
  'sentinel of a Process': [process.sentinel, /a Sentinel is bound to its process/],
};

for (const [name, [value, message]] of Object.entries(bound)) {
  test(`${name}: a message with one is refused, and says what to send instead`, async () => {
    const queue = new Queue<object>();
    await assert.rejects(queue.put(new Map([['it', { value }]])), (error: SerializationError) => {
      assert.ok(error instanceof SerializationError);
      assert.equal(error.path, 'item.get("it").value');
      assert.match(error.message, message);
      return true;
    });
    assert.equal(queue.empty(), true);
    assert.throws(() => new Process({ target: (_: object) => {}, args: [value] }).start(), message);
    await assert.rejects(
      pool.apply((x) => typeof x, [value]),
      message,
    );
    assert.equal(await pool.apply(() => 3), 3);
  });
}

test('a function that uses a Queue of multiproc/queue is refused, and the error names the other Queue', async () => {
  const here = new QueueHere<number>();
  const use = () => here.qsize();
  await assert.rejects(pool.apply(use), /a Queue is bound to its process; use the Queue of multiproc/);
});
