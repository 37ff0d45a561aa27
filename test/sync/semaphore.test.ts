import assert from 'node:assert/strict';
import { BoundedSemaphore, ClosedError, Queue, Semaphore, StateError } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, slay, start, startThread, waiting } from '../inside.ts';
import { add, freeCounter, newCounter } from './shared-counter.ts';

const TIMEOUT = { timeout: 30_000 };
const times = process.env.TEST_LONG ? 1_000_000 : 5_000;

test('a semaphore refuses values that make no sense', () => {
  for (const Class of [Semaphore, BoundedSemaphore]) {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 30]) assert.throws(() => new Class(value), RangeError);
    assert.throws(() => new Class('1' as never), TypeError);
    assert.throws(() => new Class(null as never), TypeError);
    assert.equal(new Class().getValue(), 1);
    assert.equal(new Class(0).locked(), true);
  }
});

test('a semaphore may be released beyond its value, a bounded one may not', () => {
  const semaphore = new Semaphore(1);
  semaphore.release();
  semaphore.release();
  assert.equal(semaphore.getValue(), 3);
  const bounded = new BoundedSemaphore(2);
  bounded.acquireSync();
  bounded.release();
  assert.throws(() => bounded.release(), StateError);
  assert.equal(bounded.getValue(), 2);
  assert.ok(bounded instanceof Semaphore);
});

test('close of a semaphore ends waits, and the value is not to be had any more', async () => {
  const semaphore = new Semaphore(0);
  const wait = semaphore.acquire();
  semaphore.close();
  await assert.rejects(wait, ClosedError);
  assert.throws(() => semaphore.getValue(), ClosedError);
});

test('any member may release a semaphore, for another too', async () => {
  const semaphore = new BoundedSemaphore(2);
  const answers = new Queue<number>();
  using _ = watchdog('release elsewhere', 40, semaphore, answers);
  semaphore.acquireSync();
  const p = start(
    (s: Semaphore, q: Queue<number>) => {
      s.release();
      q.putSync(s.getValue());
      s.acquireSync();
      s.acquireSync();
      q.putSync(s.getValue());
    },
    semaphore,
    answers,
  );
  assert.deepEqual([await answers.get(TIMEOUT), await answers.get(TIMEOUT)], [2, 0]);
  await p.join();
});

test('a unit that a process has released before is acquired by another', async () => {
  const signals = new Semaphore(0);
  using _ = watchdog('signals', 40, signals);
  const p = start(async (s: Semaphore) => {
    for (let i = 0; i < 1000; i++) await s.acquire();
  }, signals);
  const q = start((s: Semaphore) => {
    for (let i = 0; i < 1000; i++) s.acquireSync();
  }, signals);
  for (let i = 0; i < 2000; i++) signals.release();
  await Promise.all([p.join(), q.join()]);
  assert.equal(signals.getValue(), 0);
  // They were used up, not borrowed.
  assert.equal(signals.tryAcquire(), false);
});

test('getValue of a semaphore is exact while others take and give', async () => {
  const semaphore = new Semaphore(3);
  const [orders, done] = [new Queue<number>(), new Queue<number>()];
  const [rounds, seen, further] = [new Queue<number>(), new Queue<number>(), new Queue<number>()];
  using _ = watchdog('value', 60, semaphore, seen);
  const other = start(
    (s: Semaphore, asked: Queue<number>, answers: Queue<number>) => {
      s.acquireSync();
      for (let takes = true; ; takes = !takes) {
        answers.putSync(1);
        asked.getSync();
        for (let i = 0; i < 2; i++) takes ? s.acquireSync() : s.release();
      }
    },
    semaphore,
    orders,
    done,
  );
  // Reads the value; before the n-th of its loads it has the units change hands.
  const reader = start(
    (s: Semaphore, asked: Queue<number>, values: Queue<number>, go: Queue<number>) => {
      const { load } = Atomics;
      for (;;) {
        let left = asked.getSync();
        const counted = (words: Int32Array, index: number): number => {
          if (--left === 0) {
            Object.assign(Atomics, { load });
            values.putSync(-1);
            go.getSync();
          }
          return load(words, index);
        };
        Object.assign(Atomics, { load: counted });
        const value = s.getValue();
        Object.assign(Atomics, { load });
        values.putSync(value);
      }
    },
    semaphore,
    rounds,
    seen,
    further,
  );
  const values: number[] = [];
  semaphore.acquireSync();
  await done.get(TIMEOUT);
  for (let n = 1; ; n++) {
    rounds.putSync(n);
    const undisturbed = await seen.get(TIMEOUT);
    if (undisturbed !== -1) break;
    // One is free; then two; then none.
    semaphore.release();
    orders.putSync(1);
    await done.get(TIMEOUT);
    further.putSync(1);
    values.push(await seen.get(TIMEOUT));
    orders.putSync(1);
    await done.get(TIMEOUT);
    semaphore.acquireSync();
  }
  assert.ok(values.length > 5, `${values.length} loads`);
  for (const value of values) assert.ok(value === 0 || value === 1, `${values}`);
  for (const p of [other, reader]) await slay(p);
});

test('a semaphore of 3 lets no more than 3 in', { timeout: 600_000 }, async () => {
  const semaphore = new Semaphore(3);
  const inside = newCounter();
  const visit = async (s: Semaphore, c: number, n: number, blocking: boolean): Promise<void> => {
    const words = (await import('#dist/memory/family.js')).family().heap.words(c);
    const at = (await import('#dist/memory/heap.js')).wordIndex(c);
    for (let i = 0; i < n; i++) {
      if (blocking) s.acquireSync();
      else await s.acquire();
      if (Atomics.add(words, at, 1) >= 3) process.exit(9);
      Atomics.sub(words, at, 1);
      s.release();
    }
  };
  const visitors = [
    ...[true, true, true, true].map((blocking) => start(visit, semaphore, inside, times, blocking)),
    ...[false, false].map((blocking) => start(visit, semaphore, inside, times / 10, blocking)),
    ...[true, false].map((blocking) => startThread(visit, semaphore, inside, times / 10, blocking)),
  ];
  await Promise.all(visitors.map((p) => p.join()));
  assert.deepEqual(
    visitors.map((p) => p.exitCode),
    Array(visitors.length).fill(0),
  );
  assert.equal(semaphore.getValue(), 3);
  assert.equal(add(inside, 0), 0);
  freeCounter(inside);
});

test('waiters for a semaphore are served in order of arrival', async () => {
  const semaphore = new Semaphore(0);
  const order: number[] = [];
  const waits = [0, 1, 2].map(async (i) => {
    await semaphore.acquire(i === 1 ? TIMEOUT : undefined);
    order.push(i);
  });
  for (let i = 0; i < 3; i++) semaphore.release();
  await Promise.all(waits);
  assert.deepEqual(order, [0, 1, 2]);
});

for (const [waits, waitFor] of [
  ['a blocked waiter', (s: Semaphore) => void s.acquireSync()],
  ['a waiting promise', async (s: Semaphore) => void (await s.acquire())],
] as const) {
  test(`${waits} gets the unit of a process that never rests between two holds`, async () => {
    const semaphore = new Semaphore(1);
    using _ = watchdog(`fairness: ${waits}`, 60, semaphore);
    const hog = start((s: Semaphore) => {
      for (;;) {
        s.acquireSync();
        for (const end = performance.now() + 10; performance.now() < end; );
        s.release();
      }
    }, semaphore);
    const waiter = start(waitFor, semaphore);
    await waiter.join();
    assert.equal(waiter.exitCode, 0);
    await slay(hog);
  });
}

test('a waiter that gives up what was kept for it passes it on', async () => {
  const semaphore = new Semaphore(1);
  using _ = watchdog('kept in vain', 60, semaphore);
  const hog = start((s: Semaphore) => {
    for (;;) {
      s.acquireSync();
      for (const end = performance.now() + 2; performance.now() < end; );
      s.release();
    }
  }, semaphore);
  for (let i = 0; i < 100; i++) {
    const waits = [semaphore.acquire({ timeout: i % 7 }), semaphore.acquire({ signal: AbortSignal.timeout(i % 5) })];
    for (const settled of await Promise.allSettled(waits)) {
      if (settled.status === 'fulfilled' && settled.value) semaphore.release();
    }
  }
  assert.equal(await semaphore.acquire(TIMEOUT), true);
  semaphore.release();
  await slay(hog);
  assert.equal(await semaphore.acquire(TIMEOUT), true);
});

test('a unit kept for a waiter that is stopped is for the others', async () => {
  const semaphore = new Semaphore(0);
  using _ = watchdog('stopped waiter', 60, semaphore);
  const wait = (s: Semaphore): void => void s.acquireSync();
  const stopped = start(wait, semaphore);
  await inLine(semaphore, 1, [stopped]);
  const next = start(wait, semaphore);
  await inLine(semaphore, 2, [stopped, next]);
  process.kill(stopped.pid!, 'SIGSTOP');
  semaphore.release();
  await next.join();
  process.kill(stopped.pid!, 'SIGCONT');
  semaphore.release();
  await stopped.join();
  assert.equal(waiting(semaphore), 0);
});
