// What holds for everything like a lock is in contracts/lock-suite.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ClosedError, Lock, Queue, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, start, waiting } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

describe('in one process', () => {
  test('a time-out of acquire resolves to false; 0 tries once', async () => {
    const lock = new Lock();
    assert.equal(await lock.acquire({ timeout: 0 }), true);
    assert.equal(await lock.acquire({ timeout: 0 }), false);
    assert.equal(lock.acquireSync({ timeout: 0 }), false);
    const begin = performance.now();
    assert.equal(await lock.acquire({ timeout: 20 }), false);
    assert.equal(lock.acquireSync({ timeout: 20 }), false);
    assert.ok(performance.now() - begin >= 38);
    assert.equal(waiting(lock), 0);
  });

  test('an abort of acquire rejects with its reason and takes nothing', async () => {
    const lock = new Lock();
    const reason = new Error('enough');
    await assert.rejects(lock.acquire({ signal: AbortSignal.abort(reason) }), reason);
    assert.equal(lock.locked(), false);
    lock.acquireSync();
    const controller = new AbortController();
    const wait = lock.acquire({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(wait, reason);
    assert.equal(waiting(lock), 0);
    lock.release();
    assert.equal(lock.tryAcquire(), true);
  });

  test('waiters for a lock are served in order of arrival', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const order: number[] = [];
    const waits = [0, 1, 2, 3].map(async (i) => {
      await lock.acquire(i % 2 === 0 ? undefined : TIMEOUT);
      order.push(i);
      lock.release();
    });
    lock.release();
    await Promise.all(waits);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  test('with and guard release whatever happens', async () => {
    const lock = new Lock();
    assert.equal(await lock.with(async () => lock.locked() && 5), 5);
    await assert.rejects(
      lock.with(() => {
        throw new RangeError('mine');
      }),
      RangeError,
    );
    assert.equal(lock.locked(), false);
    {
      using _ = await lock.guard();
      assert.equal(lock.locked(), true);
      await assert.rejects(lock.guard({ timeout: 1 }), TimeoutError);
    }
    assert.equal(lock.locked(), false);
  });

  test('close of a lock ends the waits of this process, and every later use', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const wait = lock.acquire();
    lock.close();
    await assert.rejects(wait, ClosedError);
    lock.close();
    await assert.rejects(lock.acquire(), ClosedError);
    for (const use of [() => lock.acquireSync(), () => lock.tryAcquire(), () => lock.release(), () => lock.locked()]) {
      assert.throws(use, ClosedError);
    }
    assert.throws(() => lock.abandoned, ClosedError);
    await assert.rejects(lock.guard(), ClosedError);
    await assert.rejects(
      lock.with(() => 1),
      ClosedError,
    );
  });

  test('acquiring in a loop leaves timers their turn', async () => {
    const lock = new Lock();
    let fired = false;
    const timer = setTimeout(1).then(() => {
      fired = true;
    });
    while (!fired) {
      await lock.acquire();
      lock.release();
    }
    await timer;
  });
});

describe('between processes', () => {
  test('any member may release a lock, and locked is seen everywhere', async () => {
    const lock = new Lock();
    const answers = new Queue<boolean>();
    using _ = watchdog('release elsewhere', 40, lock, answers);
    lock.acquireSync();
    const p = start(
      (l: Lock, q: Queue<boolean>) => {
        q.putSync(l.locked());
        l.release();
        q.putSync(l.locked());
      },
      lock,
      answers,
    );
    assert.deepEqual([await answers.get(), await answers.get()], [true, false]);
    await p.join();
    assert.equal(lock.tryAcquire(), true);
  });

  test('a release of a lock wakes who waits, blocked or not', async () => {
    const lock = new Lock();
    const order = new Queue<string>();
    using _ = watchdog('wake waiters', 40, lock, order);
    lock.acquireSync();
    const blocked = start(
      (l: Lock, q: Queue<string>) => {
        l.acquireSync();
        q.putSync('blocked');
        l.release();
      },
      lock,
      order,
    );
    await inLine(lock, 1, [blocked]);
    const looping = start(
      async (l: Lock, q: Queue<string>) => {
        await l.acquire();
        await q.put('looping');
        l.release();
      },
      lock,
      order,
    );
    await inLine(lock, 2, [blocked, looping]);
    lock.release();
    // In any order: one that gets no CPU for 20 ms after it was woken is overtaken by the next.
    assert.deepEqual(new Set([await order.get(), await order.get()]), new Set(['blocked', 'looping']));
    await Promise.all([blocked.join(), looping.join()]);
    assert.equal(lock.locked(), false);
  });

  for (const [waits, waitFor] of [
    ['a blocked waiter', (l: Lock) => void l.acquireSync()],
    ['a waiting promise', async (l: Lock) => void (await l.acquire())],
  ] as const) {
    test(`${waits} gets the lock from a process that never rests between two holds`, async () => {
      const lock = new Lock();
      using _ = watchdog(`fairness: ${waits}`, 60, lock);
      const hog = start((l: Lock) => {
        for (;;) {
          l.acquireSync();
          for (const end = performance.now() + 10; performance.now() < end; );
          l.release();
        }
      }, lock);
      const waiter = start(waitFor, lock);
      await waiter.join();
      assert.equal(waiter.exitCode, 0);
      hog.kill();
      await hog.join();
    });
  }

  test('a waiter that gives up in the middle of a hand-over passes it on', async () => {
    const lock = new Lock();
    using _ = watchdog('handoff declined', 60, lock);
    const hog = start((l: Lock) => {
      for (;;) {
        l.acquireSync();
        for (const end = performance.now() + 2; performance.now() < end; );
        l.release();
      }
    }, lock);
    for (let i = 0; i < 200; i++) {
      const waits = [lock.acquire({ timeout: i % 7 }), lock.acquire({ signal: AbortSignal.timeout(i % 5) })];
      for (const settled of await Promise.allSettled(waits)) {
        if (settled.status === 'fulfilled' && settled.value) lock.release();
      }
    }
    assert.equal(await lock.acquire(TIMEOUT), true);
    lock.release();
    hog.kill();
    await hog.join();
    assert.equal(await lock.acquire(TIMEOUT), true);
  });

  test('a lock handed to a busy event loop is taken back for the others', async () => {
    const lock = new Lock();
    const ready = new Queue<number>();
    using _ = watchdog('handoff expired', 60, lock, ready);
    lock.acquireSync();
    // Waits for the lock, and then keeps its event loop from turning.
    const busy = start(
      (l: Lock, q: Queue<number>) => {
        void l.acquire();
        q.putSync(1);
        for (;;);
      },
      lock,
      ready,
    );
    await ready.get();
    const other = start((l: Lock) => void l.acquireSync(), lock);
    await inLine(lock, 2, [other]);
    // Whether handed over or only released: the first in line does not come.
    lock.release();
    await other.join();
    assert.equal(other.exitCode, 0);
    busy.kill();
    await busy.join();
  });
});

test('a pending acquire keeps the program alive, a lock alone does not', async () => {
  const { spawn } = await import('node:child_process');
  const program = (wait: string) =>
    spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { Lock } from 'multiproc';
      const lock = new Lock(); lock.acquireSync(); console.log('held'); ${wait}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  const [code] = await once(program(''), 'exit');
  assert.equal(code, 0);
  const kept = program('lock.acquire().then(() => console.log("got")); setTimeout(() => lock.release(), 50).unref();');
  let text = '';
  for await (const chunk of kept.stdout) text += chunk;
  assert.equal(text, 'held\ngot\n');
});
