import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { ClosedError, Condition, Lock, Queue, RLock, Semaphore, StateError } from 'multiproc';
import { conditionLayout } from '#dist/sync/condition.js';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { isAsleep, isStopped, start, startThread, until, wordOf } from '../inside.ts';
import { add, count, freeCounter, newCounter } from './shared-counter.ts';

const TIMEOUT = { timeout: 30_000 };
const items = process.env.TEST_LONG ? 100_000 : 4_000;

test('a predicate that releases the lock ends its waitFor with an error that names the call', async () => {
  for (const condition of [new Condition(), new Condition(new Lock())]) {
    const releasing = () => {
      condition.release();
      return false;
    };
    await condition.acquire();
    await assert.rejects(condition.waitFor(releasing, TIMEOUT), /^StateError: waitFor\(\) needs the lock/);
    condition.acquireSync();
    assert.throws(() => condition.waitForSync(releasing, TIMEOUT), /^StateError: waitForSync\(\) needs the lock/);
    assert.equal(condition.tryAcquire(), true);
    condition.release();
  }
});

test('arguments and states of a condition that make no sense change nothing', async () => {
  assert.throws(() => new Condition(5 as never), TypeError);
  assert.throws(() => new Condition(new Semaphore() as never), TypeError);
  for (const condition of [new Condition(), new Condition(new Lock())]) {
    await assert.rejects(condition.wait(), StateError);
    assert.throws(() => condition.waitSync(), StateError);
    await assert.rejects(
      condition.waitFor(() => true),
      StateError,
    );
    assert.throws(() => condition.waitForSync(() => true), StateError);
    assert.throws(() => condition.notify(), StateError);
    assert.throws(() => condition.notifyAll(), StateError);
    await condition.acquire();
    for (const count of [-1, 0.5, Number.NaN]) assert.throws(() => condition.notify(count), RangeError);
    assert.throws(() => condition.notify('1' as never), TypeError);
    await assert.rejects(condition.wait({ timeout: -1 }), RangeError);
    assert.throws(() => condition.waitSync({ timeout: -1 }), RangeError);
    condition.notify();
    condition.notify(0);
    condition.notifyAll();
    assert.equal(condition.locked(), true);
    condition.release();
    assert.equal(condition.locked(), false);
  }
});

test('the lock of another async function is not enough for a wait', async () => {
  const condition = new Condition();
  const go = new Queue<number>();
  const holder = condition.with(() => go.get());
  await setImmediate();
  assert.throws(() => condition.notify(), StateError);
  await assert.rejects(condition.wait(), StateError);
  go.putSync(1);
  await holder;
});

for (const [name, make] of [
  ['an RLock', () => new Condition(new RLock())],
  ['a Lock', () => new Condition(new Lock())],
] as const) {
  test(`with ${name}: a wait lets go of the lock and has it again, however it ends`, async () => {
    const condition = make();
    using _ = watchdog(`condition of ${name}`, 40, condition);
    await condition.acquire();
    assert.equal(await condition.wait({ timeout: 0 }), false);
    assert.equal(condition.waitSync({ timeout: 5 }), false);
    assert.equal(condition.locked(), true);
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = condition.wait({ signal: controller.signal });
    assert.equal(condition.locked(), false);
    controller.abort(reason);
    await assert.rejects(aborted, reason);
    assert.equal(condition.locked(), true);
    await assert.rejects(condition.wait({ signal: AbortSignal.abort(reason) }), reason);
    const wait = condition.wait();
    const notifier = (async () => {
      await condition.acquire();
      condition.notify();
      condition.release();
    })();
    assert.equal(await wait, true);
    await notifier;
    condition.release();
    assert.equal(condition.locked(), false);
  });
}

test('a wait of a condition releases all levels of an RLock, and takes them back', async () => {
  const condition = new Condition();
  using _ = watchdog('levels', 40, condition);
  const waiter = condition.with(() =>
    condition.with(async () => {
      assert.equal(await condition.wait(TIMEOUT), true);
      return condition.with(() => 'back');
    }),
  );
  await until(() => !condition.locked());
  await condition.with(() => condition.notify());
  assert.equal(await waiter, 'back');
  assert.equal(condition.locked(), false);
});

test('waiters are woken in order of arrival, as many as are told', async () => {
  const condition = new Condition();
  const woken: number[] = [];
  const waiters = [0, 1, 2, 3, 4].map((i) =>
    condition.with(async () => {
      if (await condition.wait(i === 1 ? { timeout: 5 } : TIMEOUT)) woken.push(i);
    }),
  );
  await waiters[1];
  // One that has given up takes no notification.
  await condition.with(() => condition.notify(2));
  await until(() => woken.length === 2);
  await setImmediate();
  assert.deepEqual(woken, [0, 2]);
  await condition.with(() => condition.notifyAll());
  await Promise.all(waiters);
  assert.deepEqual(woken, [0, 2, 3, 4]);
});

test('a notification that an aborted wait has not used goes on to the next', async () => {
  const condition = new Condition(new Lock());
  const controller = new AbortController();
  await condition.acquire();
  const first = condition.wait({ signal: controller.signal });
  await condition.acquire();
  const second = condition.wait(TIMEOUT);
  await condition.acquire();
  condition.notify();
  controller.abort(new Error('enough'));
  condition.release();
  await assert.rejects(first, /enough/);
  condition.release();
  assert.equal(await second, true);
  condition.release();
});

test('a wait that ends just when it is notified passes the notification on', async () => {
  const lock = new Lock();
  const condition = new Condition(lock);
  const [said, go] = [new Queue<string>(), new Queue<number>()];
  using _ = watchdog('notified at its end', 60, condition, said);
  const first = start(
    async (c: Condition, s: Queue<string>, g: Queue<number>) => {
      await c.acquire();
      c.wait().catch(() => {});
      await g.get();
      c.close();
      s.putSync('closed');
      await g.get();
    },
    condition,
    said,
    go,
  );
  await until(() => !lock.locked() && isAsleep(first));
  const second = condition.acquire().then(() => condition.wait());
  await until(() => !lock.locked());
  const notifier = start((c: Condition) => {
    const NOTIFIED = 2 << 28;
    const { store } = Atomics;
    const stopped = (words: Int32Array, index: number, value: number): number => {
      if (value > 0 && value & NOTIFIED) {
        Object.assign(Atomics, { store });
        process.kill(process.pid, 'SIGSTOP');
      }
      return store(words, index, value);
    };
    c.acquireSync();
    Object.assign(Atomics, { store: stopped });
    c.notify();
    c.release();
  }, condition);
  await until(() => isStopped(notifier));
  go.putSync(1);
  // It ends its wait, or is about to: it stands before the section that the notifier is in.
  const CONTENDED = 1 << 30;
  await until(() => !said.empty() || (wordOf(condition, conditionLayout.at.line) & CONTENDED) !== 0);
  process.kill(notifier.pid!, 'SIGCONT');
  assert.equal(await second, true);
  condition.release();
  go.putSync(1);
  await Promise.all([first.join(), notifier.join()]);
});

test('waitFor looks with the lock held, and answers what it saw last', async () => {
  const condition = new Condition();
  let state = 0;
  const seen = condition.with(() => condition.waitFor(() => state === 2 && condition.locked() && 'two', TIMEOUT));
  for (let i = 0; i < 2; i++) {
    await setImmediate();
    await condition.with(() => {
      state++;
      condition.notifyAll();
    });
  }
  assert.equal(await seen, 'two');
  await condition.acquire();
  assert.equal(await condition.waitFor(async () => 0, { timeout: 5 }), 0);
  assert.equal(
    condition.waitForSync(() => '', { timeout: 5 }),
    '',
  );
  assert.equal(
    condition.waitForSync(() => 7),
    7,
  );
  condition.release();
});

test('close of a condition ends the waits of this process with the lock held again', async () => {
  const lock = new Lock();
  const condition = new Condition(lock);
  lock.acquireSync();
  const wait = condition.wait();
  condition.close();
  await assert.rejects(wait, ClosedError);
  assert.equal(lock.locked(), true);
  lock.release();
  await assert.rejects(condition.acquire(), ClosedError);
  await assert.rejects(condition.guard(), ClosedError);
  await assert.rejects(condition.wait(), ClosedError);
  for (const use of [() => condition.notify(), () => condition.release(), () => condition.waitSync()]) {
    assert.throws(use, ClosedError);
  }
});

test('a condition travels with its lock, which is one lock everywhere', async () => {
  const lock = new Lock();
  const condition = new Condition(lock);
  const answers = new Queue<boolean>();
  using _ = watchdog('travels', 40, condition, answers);
  lock.acquireSync();
  const p = start(
    (c: Condition, l: Lock, q: Queue<boolean>) => {
      q.putSync(c.locked());
      c.acquireSync();
      q.putSync(l.locked());
      q.putSync(c.waitSync());
      c.release();
    },
    condition,
    lock,
    answers,
  );
  assert.equal(await answers.get(TIMEOUT), true);
  lock.release();
  assert.equal(await answers.get(TIMEOUT), true);
  await until(() => isAsleep(p));
  await condition.acquire();
  condition.notify();
  condition.release();
  assert.equal(await answers.get(TIMEOUT), true);
  await p.join();
  assert.equal(lock.locked(), false);
});

/** A queue of numbers made of a condition: how many were put and taken, and places for 5 of them. */
interface MadeQueue {
  readonly condition: Condition;
  readonly put: number;
  readonly taken: number;
  readonly places: readonly number[];
  /** Of all that were taken. */
  readonly sum: number;
}

const length = (q: MadeQueue): number => count(q.put) - count(q.taken);

function putIn(q: MadeQueue, item: number): void {
  const place = q.places[count(q.put) % q.places.length]!;
  add(place, item - count(place));
  add(q.put);
  q.condition.notifyAll();
}

function takeOut(q: MadeQueue): void {
  add(q.sum, count(q.places[count(q.taken) % q.places.length]!));
  add(q.taken);
  q.condition.notifyAll();
}

function produce(q: MadeQueue, n: number): void {
  for (let i = 0; i < n; i++) {
    q.condition.acquireSync();
    q.condition.waitForSync(() => length(q) < q.places.length);
    putIn(q, i % 100);
    q.condition.release();
  }
}

function consume(q: MadeQueue, n: number): void {
  for (let i = 0; i < n; i++) {
    q.condition.acquireSync();
    q.condition.waitForSync(() => length(q) > 0);
    takeOut(q);
    q.condition.release();
  }
}

async function consumeLater(q: MadeQueue, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    await q.condition.with(async () => {
      await q.condition.waitFor(() => length(q) > 0);
      takeOut(q);
    });
  }
}

for (const [name, make] of [
  ['an RLock', () => new Condition()],
  ['a Lock', () => new Condition(new Lock())],
] as const) {
  test(`a queue made of a condition of ${name} loses nothing`, { timeout: 600_000 }, async () => {
    const counters = Array.from({ length: 8 }, newCounter);
    const [put, taken, sum, ...places] = counters as [number, number, number, ...number[]];
    const q = { condition: make(), put, taken, sum, places };
    const workers = [
      ...[produce, produce, consume, consumeLater].map((target) => start(target, q, items)),
      ...[produce, consume].map((target) => startThread(target, q, items / 10)),
    ];
    await Promise.all(workers.map((p) => p.join()));
    assert.deepEqual(
      workers.map((p) => p.exitCode),
      Array(workers.length).fill(0),
    );
    const all = 2 * items + items / 10;
    assert.deepEqual([count(put), count(taken)], [all, all]);
    // Each hundred of items adds up to 4950.
    assert.equal(count(sum), (all / 100) * 4950);
    for (const counter of counters) freeCounter(counter);
  });
}
