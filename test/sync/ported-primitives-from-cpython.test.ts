/**
 * Cases of CPython's own tests of multiprocessing's RLock, Semaphore, Condition, Event, Barrier and JoinableQueue
 * (Lib/test/_test_multiprocessing.py: _TestLock, _TestSemaphore, _TestCondition, _TestEvent, _TestBarrier, _TestQueue), written anew
 * for this library. CPython is Copyright (c) 2001 Python Software Foundation, under the PSF licence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  Event,
  JoinableQueue,
  Queue,
  RLock,
  Semaphore,
  StateError,
} from 'multiproc';
import { isAsleep, start, until } from '../inside.ts';
import { add, freeCounter, newCounter } from './shared-counter.ts';

const TIMEOUT = { timeout: 30_000 };

test('S01 test_rlock', () => {
  const lock = new RLock();
  for (let i = 0; i < 3; i++) assert.equal(lock.acquireSync(), true);
  for (let i = 0; i < 3; i++) assert.equal(lock.release(), undefined);
  assert.throws(() => lock.release(), StateError);
});

test('S02 test_rlock_locked_2processes', async () => {
  const lock = new RLock();
  const [taken, done] = [new Event(), new Event()];
  const p = start(
    (l: RLock, t: Event, d: Event) => {
      l.acquireSync();
      t.set();
      d.waitSync();
      l.release();
    },
    lock,
    taken,
    done,
  );
  await taken.wait(TIMEOUT);
  assert.equal(lock.locked(), true);
  done.set();
  await p.join();
  assert.equal(lock.locked(), false);
});

test('test_lock_context', async () => {
  const lock = new RLock();
  await lock.with(() => assert.equal(lock.locked(), true));
  {
    using _ = await lock.guard();
    assert.equal(lock.locked(), true);
  }
  assert.equal(lock.locked(), false);
});

function semaphoreOfTwo(semaphore: Semaphore): void {
  assert.equal(semaphore.getValue(), 2);
  assert.equal(semaphore.acquireSync(), true);
  assert.equal(semaphore.getValue(), 1);
  assert.equal(semaphore.acquireSync(), true);
  assert.equal(semaphore.getValue(), 0);
  assert.equal(semaphore.locked(), true);
  assert.equal(semaphore.acquireSync({ timeout: 0 }), false);
  assert.equal(semaphore.getValue(), 0);
  semaphore.release();
  assert.equal(semaphore.getValue(), 1);
  semaphore.release();
  assert.equal(semaphore.getValue(), 2);
}

test('S03 test_semaphore', () => {
  const semaphore = new Semaphore(2);
  semaphoreOfTwo(semaphore);
  semaphore.release();
  assert.equal(semaphore.getValue(), 3);
  semaphore.release();
  assert.equal(semaphore.getValue(), 4);
});

test('S03 test_bounded_semaphore', () => {
  const semaphore = new BoundedSemaphore(2);
  semaphoreOfTwo(semaphore);
  assert.throws(() => semaphore.release(), StateError);
  assert.equal(semaphore.getValue(), 2);
});

test('S04 test_timeout', async () => {
  const semaphore = new Semaphore(0);
  assert.equal(semaphore.tryAcquire(), false);
  assert.equal(await semaphore.acquire({ timeout: 0 }), false);
  for (const wait of [() => semaphore.acquireSync({ timeout: 30 }), () => semaphore.acquire({ timeout: 30 })]) {
    const begin = performance.now();
    assert.equal(await wait(), false);
    assert.ok(performance.now() - begin >= 29);
  }
});

/** Sleeps in the condition, between two signals. */
async function sleeper(condition: Condition, sleeping: Semaphore, woken: Semaphore, timeout?: number): Promise<void> {
  await condition.acquire();
  sleeping.release();
  await condition.wait(timeout === undefined ? undefined : { timeout });
  woken.release();
  condition.release();
}

function sleeperSync(condition: Condition, sleeping: Semaphore, woken: Semaphore, timeout?: number): void {
  condition.acquireSync();
  sleeping.release();
  condition.waitSync(timeout === undefined ? undefined : { timeout });
  woken.release();
  condition.release();
}

test('test_notify', async () => {
  const condition = new Condition();
  const [sleeping, woken] = [new Semaphore(0), new Semaphore(0)];
  const p = start(sleeper, condition, sleeping, woken);
  const q = sleeper(condition, sleeping, woken);
  await sleeping.acquire(TIMEOUT);
  await sleeping.acquire(TIMEOUT);
  assert.equal(woken.getValue(), 0);
  for (const expected of [1, 2]) {
    await condition.acquire();
    condition.notify();
    condition.release();
    await until(() => woken.getValue() === expected);
  }
  await Promise.all([p.join(), q]);
  assert.equal(condition.locked(), false);
});

test('test_notify_all', async () => {
  const condition = new Condition();
  const [sleeping, woken] = [new Semaphore(0), new Semaphore(0)];
  // First some that give up by themselves.
  const impatient = [sleeper, sleeperSync].map((target) => start(target, condition, sleeping, woken, 10));
  for (let i = 0; i < 2; i++) await sleeping.acquire(TIMEOUT);
  for (let i = 0; i < 2; i++) await woken.acquire(TIMEOUT);
  await Promise.all(impatient.map((p) => p.join()));
  const patient = [sleeper, sleeperSync, sleeper].map((target) => start(target, condition, sleeping, woken));
  for (let i = 0; i < 3; i++) await sleeping.acquire(TIMEOUT);
  assert.equal(woken.getValue(), 0);
  await condition.acquire();
  condition.notifyAll();
  condition.release();
  await Promise.all(patient.map((p) => p.join()));
  assert.equal(woken.getValue(), 3);
});

test('S07 test_notify_n', async () => {
  const condition = new Condition();
  const [sleeping, woken] = [new Semaphore(0), new Semaphore(0)];
  const there = [sleeper, sleeperSync, sleeperSync].map((target) => start(target, condition, sleeping, woken));
  const here = [1, 2, 3].map(() => sleeper(condition, sleeping, woken));
  for (let i = 0; i < 6; i++) await sleeping.acquire(TIMEOUT);
  assert.equal(woken.getValue(), 0);
  for (const [count, expected] of [
    [2, 2],
    [4, 6],
    [3, 6],
  ] as const) {
    await condition.acquire();
    condition.notify(count);
    condition.release();
    await until(() => woken.getValue() >= expected);
    await setTimeout(20);
    assert.equal(woken.getValue(), expected);
  }
  await Promise.all([...there.map((p) => p.join()), ...here]);
});

test('S08 test_waitfor', async () => {
  const condition = new Condition();
  const state = newCounter();
  const p = start(
    async (c: Condition, s: number) => {
      await c.acquire();
      add(s);
      c.notify();
      const result = await c.waitFor(() => add(s, 0) === 4);
      process.exit(result ? 0 : 1);
    },
    condition,
    state,
  );
  await condition.with(() => condition.waitFor(() => add(state, 0) === 1, TIMEOUT));
  for (let i = 0; i < 3; i++) {
    await condition.acquire();
    add(state);
    condition.notify();
    condition.release();
  }
  await p.join();
  assert.equal(p.exitCode, 0);
  freeCounter(state);
});

test('S08 test_waitfor_timeout', async () => {
  const condition = new Condition();
  const answers = new Queue<[boolean, number]>();
  const p = start(
    (c: Condition, q: Queue<[boolean, number]>) => {
      c.acquireSync();
      const begin = performance.now();
      const result = c.waitForSync(() => false, { timeout: 100 });
      q.putSync([result, performance.now() - begin]);
      c.release();
    },
    condition,
    answers,
  );
  const [result, elapsed] = await answers.get(TIMEOUT);
  assert.equal(result, false);
  assert.ok(elapsed >= 99);
  await p.join();
});

test('S09 test_wait_result', async () => {
  const condition = new Condition();
  await condition.acquire();
  assert.equal(await condition.wait({ timeout: 0 }), false);
  assert.equal(await condition.wait({ timeout: 100 }), false);
  const p = start((c: Condition) => {
    c.acquireSync();
    c.notify();
    c.release();
  }, condition);
  assert.equal(await condition.wait({ timeout: 60_000 }), true);
  await p.join();
  const interrupt = new AbortController();
  const wait = condition.wait({ signal: interrupt.signal });
  interrupt.abort(new Error('SIGINT'));
  await assert.rejects(wait, /SIGINT/);
  assert.equal(condition.locked(), true);
  condition.release();
});

test('S10 test_event', async () => {
  const event = new Event();
  assert.equal(event.isSet(), false);
  assert.equal(await event.wait({ timeout: 0 }), false);
  assert.equal(event.waitSync({ timeout: 10 }), false);
  event.set();
  assert.equal(event.isSet(), true);
  assert.equal(await event.wait(), true);
  assert.equal(event.waitSync({ timeout: 10 }), true);
  event.clear();
  assert.equal(event.isSet(), false);
  const p = start(async (e: Event) => {
    await setTimeout(10);
    e.set();
  }, event);
  assert.equal(await event.wait(), true);
  await p.join();
});

/** Runs it as five parties, three of them elsewhere. */
async function fiveParties(
  barrier: Barrier,
  party: (b: Barrier, q: Queue<unknown>) => Promise<void>,
): Promise<unknown[]> {
  const answers = new Queue<unknown>();
  const there = [1, 2, 3].map(() => start(party, barrier, answers));
  await Promise.all([party(barrier, answers), party(barrier, answers)]);
  await Promise.all(there.map((p) => p.join()));
  assert.deepEqual(
    there.map((p) => p.exitCode),
    [0, 0, 0],
  );
  const found: unknown[] = [];
  while (!answers.empty()) found.push(answers.getSync());
  return found;
}

test('test_barrier, test_barrier_10', async () => {
  const barrier = new Barrier(5);
  const rounds = await fiveParties(barrier, async (b, q) => {
    for (let round = 0; round < 10; round++) {
      q.putSync(round);
      await b.wait();
      if (q.qsize() < (round + 1) * 5) throw new Error(`passed too early: ${q.qsize()} in round ${round}`);
    }
  });
  assert.equal(rounds.length, 50);
  assert.equal(barrier.broken, false);
});

test('S12 test_wait_return', async () => {
  const indices = await fiveParties(new Barrier(5), async (b, q) => q.putSync(await b.wait()));
  assert.deepEqual(indices.sort(), [0, 1, 2, 3, 4]);
});

test('S12 test_action', async () => {
  const ran = new Queue<number>();
  const barrier = new Barrier(5, { action: () => ran.putSync(1) });
  await fiveParties(barrier, async (b) => void (await b.wait()));
  assert.equal(ran.qsize(), 1);
});

test('S12 test_single_thread', async () => {
  const barrier = new Barrier(1);
  assert.equal(await barrier.wait(), 0);
  assert.equal(barrier.waitSync(), 0);
});

test('S13 test_abort', async () => {
  const barrier = new Barrier(5);
  const outcomes = await fiveParties(barrier, async (b, q) => {
    try {
      if ((await b.wait()) === 4) throw new Error('to be aborted in the second round');
      await b.wait();
      q.putSync('passed');
    } catch (error) {
      if (error instanceof BrokenBarrierError) q.putSync('broken');
      else b.abort();
    }
  });
  assert.deepEqual(outcomes, ['broken', 'broken', 'broken', 'broken']);
  assert.equal(barrier.broken, true);
});

test('test_reset', async () => {
  const barrier = new Barrier(5);
  const outcomes = await fiveParties(barrier, async (b, q) => {
    if ((await b.wait()) === 2) {
      // The others wait once more, in vain.
      while (b.nWaiting < 4) await setTimeout(1);
      b.reset();
      q.putSync('reset');
    } else {
      await b.wait().then(
        () => q.putSync('passed'),
        (error) => q.putSync((error as Error).name),
      );
    }
    await b.wait();
  });
  assert.deepEqual(outcomes.sort(), [...Array(4).fill('BrokenBarrierError'), 'reset']);
  assert.equal(barrier.broken, false);
});

test('test_abort_and_reset', async () => {
  const [barrier, other] = [new Barrier(5), new Barrier(5)];
  const answers = new Queue<string>();
  const party = async (b: Barrier, o: Barrier, q: Queue<string>): Promise<void> => {
    const index = await b.wait();
    if (index === 2) b.abort();
    else await b.wait().catch((error) => q.putSync((error as Error).name));
    if ((await o.wait()) === 2) b.reset();
    await o.wait();
    await b.wait();
    q.putSync('passed');
  };
  const there = [1, 2, 3].map(() => start(party, barrier, other, answers));
  await Promise.all([party(barrier, other, answers), party(barrier, other, answers)]);
  await Promise.all(there.map((p) => p.join()));
  const found: string[] = [];
  while (!answers.empty()) found.push(answers.getSync());
  assert.deepEqual(found.sort(), [...Array(4).fill('BrokenBarrierError'), ...Array(5).fill('passed')]);
});

for (const [name, make, timeout] of [
  ['S15 test_timeout', () => new Barrier(5), 100],
  ['S15 test_default_timeout', () => new Barrier(5, { timeout: 100 }), undefined],
] as const) {
  test(name, async () => {
    const barrier = make();
    const wait = (b: Barrier, q: Queue<string>, ms?: number): Promise<void> =>
      b.wait(ms === undefined ? undefined : { timeout: ms }).then(
        () => q.putSync('passed'),
        (error) => q.putSync((error as Error).name),
      );
    const answers = new Queue<string>();
    const there = [1, 2].map(() => start(wait, barrier, answers, timeout));
    await Promise.all([wait(barrier, answers, timeout), wait(barrier, answers, timeout)]);
    // The fifth comes too late.
    await wait(barrier, answers, timeout);
    await Promise.all(there.map((p) => p.join()));
    const found: string[] = [];
    while (!answers.empty()) found.push(answers.getSync());
    assert.deepEqual(found, Array(5).fill('BrokenBarrierError'));
  });
}

test('Q17 test_task_done', async () => {
  const queue = new JoinableQueue<number>();
  assert.throws(() => queue.taskDone(), StateError);
  const worker = async (q: JoinableQueue<number>): Promise<void> => {
    for await (const _ of q) {
      await setTimeout(1);
      q.taskDone();
    }
  };
  const workers = [1, 2, 3, 4].map(() => start(worker, queue));
  for (let i = 0; i < 10; i++) queue.putSync(i);
  await queue.join(TIMEOUT);
  for (let i = 0; i < 100; i++) queue.putSync(i);
  queue.joinSync(TIMEOUT);
  queue.shutdown();
  await Promise.all(workers.map((p) => p.join()));
  assert.equal(queue.empty(), true);
});

test('Q10 closed queues answer that they are closed', async () => {
  const queue = new JoinableQueue<number>();
  queue.close();
  await assert.rejects(queue.put(1), /closed/);
  await assert.rejects(queue.get(), /closed/);
});

test('Q20 test_shutdown_immediate_all_methods_in_one_thread', async () => {
  const queue = new JoinableQueue<string>();
  await queue.put('L');
  queue.putNowait('O');
  queue.shutdown({ immediate: true });
  await assert.rejects(queue.put('E'), { code: 'ERR_QUEUE_SHUT_DOWN' });
  assert.throws(() => queue.putNowait('W'), { code: 'ERR_QUEUE_SHUT_DOWN' });
  await assert.rejects(queue.get(), { code: 'ERR_QUEUE_SHUT_DOWN' });
  assert.throws(() => queue.getNowait(), { code: 'ERR_QUEUE_SHUT_DOWN' });
  assert.throws(() => queue.taskDone(), StateError);
  await queue.join();
});

test('a sleeper that blocks is asleep, not busy', async () => {
  const event = new Event();
  const p = start((e: Event) => void e.waitSync(), event);
  await until(() => isAsleep(p));
  event.set();
  await p.join();
});
