// A program that tests itself replaces clocks and timers: nothing of the family waits for them.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import {
  Barrier,
  Condition,
  Empty,
  Event,
  JoinableQueue,
  Lock,
  Pool,
  Process,
  pipe,
  Queue,
  Semaphore,
  ThreadPool,
  TimeoutError,
} from 'multiproc';
import { Listener, wait } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import { Queue as InProcessQueue } from 'multiproc/queue';

const own = { queueMicrotask: globalThis.queueMicrotask, performance: globalThis.performance };

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  Object.assign(globalThis, { queueMicrotask: () => {} });
  const performance = Object.assign(Object.create(own.performance), { now: () => 0 });
  Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true, writable: true });
});
afterEach(() => {
  mock.timers.reset();
  Object.assign(globalThis, { queueMicrotask: own.queueMicrotask });
  Object.defineProperty(globalThis, 'performance', { value: own.performance, configurable: true, writable: true });
});

describe('under fake timers', { timeout: 120_000 }, () => {
  for (const [name, Kind] of Object.entries({ Pool, ThreadPool })) {
    test(`under fake timers a ${name} runs tasks, stops those whose time is over, and ends`, async () => {
      const pool = new Kind(2);
      assert.equal(await pool.apply((n: number) => n + 1, [1]), 2);
      assert.deepEqual(await pool.map((n: number) => n * 2, [1, 2, 3]), [2, 4, 6]);
      const endless = pool.apply(() => new Promise(() => setInterval(() => {}, 1000)), [], { timeout: 50 });
      await assert.rejects(endless, TimeoutError);
      pool.close();
      await pool.join();
    });
  }

  test('under fake timers what is waited for with a time limit comes to its end', async () => {
    const timeout = 20;
    const queue = new Queue(1);
    await assert.rejects(queue.get({ timeout }), Empty);
    assert.throws(() => queue.getSync({ timeout }), Empty);
    await queue.put(1);
    const joinable = new JoinableQueue();
    await joinable.put(1);
    await assert.rejects(joinable.join({ timeout }), TimeoutError);
    const lock = new Lock();
    await lock.acquire();
    assert.equal(await lock.acquire({ timeout }), false);
    assert.equal(await new Semaphore(0).acquire({ timeout }), false);
    assert.equal(await new Event().wait({ timeout }), false);
    const condition = new Condition();
    await condition.acquire();
    assert.equal(await condition.wait({ timeout }), false);
    condition.release();
    await assert.rejects(new Barrier(2).wait({ timeout }));
    const [end] = pipe();
    assert.equal(await end.poll({ timeout }), false);
    using listener = new Listener();
    await assert.rejects(listener.accept({ timeout }), TimeoutError);
    assert.deepEqual(await wait([end], { timeout }), []);
  });

  test('under fake timers the queue of one process goes by the clock of the program', async () => {
    const late = new InProcessQueue().get({ timeout: 3_600_000 });
    mock.timers.tick(3_600_001);
    await assert.rejects(late, Empty);
  });

  test('under fake timers a process is joined, in time and too early', async () => {
    const event = new Event();
    const process = new Process({ target: (e: Event) => e.wait(), args: [event] });
    process.start();
    await process.join({ timeout: 20 });
    assert.equal(process.exitCode, null);
    event.set();
    await process.join();
    assert.equal(process.exitCode, 0);
  });

  test('under fake timers a manager serves', async () => {
    await using manager = new Manager();
    const list = await manager.list([1]);
    assert.equal(await list.length(), 1);
  });

  test('under fake timers a date that arrives is a real one', async () => {
    const queue = new Queue<Date>();
    const then = new Date(Number('86400000'));
    await queue.put(then);
    assert.equal((await queue.get()).toISOString(), '1970-01-02T00:00:00.000Z');
  });
});
