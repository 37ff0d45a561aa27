import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BrokenBarrierError, Queue, StateError } from 'multiproc';
import type {
  BarrierProxy,
  ConditionProxy,
  EventProxy,
  LockProxy,
  RLockProxy,
  SemaphoreProxy,
} from 'multiproc/managers';
import { slay, start } from '../inside.ts';

/** What makes locks and signals that programs have proxies of. */
export interface Coordination {
  lock(): LockProxy;
  rlock(): RLockProxy;
  semaphore(value: number): SemaphoreProxy;
  condition(lock?: LockProxy): ConditionProxy;
  event(): EventProxy;
  barrier(parties: number): BarrierProxy;
}

/** What holds for the locks and signals of managers and clusters beyond what all locks have in common. */
export function coordinationSuite(of: string, objects: () => Coordination): void {
  describe(`a lock of ${of}`, () => {
    test(`a lock of ${of} may be released by another process, as in Python`, async () => {
      const lock = objects().lock();
      await lock.acquire();
      await start((l: typeof lock) => l.release(), lock).join();
      assert.equal(await lock.locked(), false);
      await assert.rejects(lock.release(), StateError);
    });

    test(`a lock of ${of} guards a block, with using and await using`, async () => {
      const lock = objects().lock();
      {
        await using _ = await lock.guard();
        assert.equal(await lock.locked(), true);
      }
      assert.equal(await lock.locked(), false);
      {
        using _ = await lock.guard();
      }
      assert.equal(await lock.acquire({ timeout: 10_000 }), true);
      await lock.release();
    });

    test(`a guard of ${of} that is disposed by hand, and again by its block, releases once`, async () => {
      const lock = objects().lock();
      {
        await using held = await lock.guard();
        await held[Symbol.asyncDispose]();
        assert.equal(await lock.acquire(), true);
      }
      assert.equal(await lock.locked(), true);
      await lock.release();
    });
  });

  describe(`an rlock of ${of}`, () => {
    test(`an rlock of ${of} is its owner’s again and again; two concurrent functions do not share it`, async () => {
      const lock = objects().rlock();
      const order: string[] = [];
      const nested = async (name: string) => {
        await lock.acquire();
        await lock.with(async () => {
          order.push(name);
          await using _ = await lock.guard();
          order.push(name);
        });
        await lock.release();
      };
      await Promise.all([nested('a'), nested('b')]);
      assert.ok(order.join('') === 'aabb' || order.join('') === 'bbaa', order.join(''));
      assert.equal(await lock.locked(), false);
      await assert.rejects(lock.release(), StateError);
    });

    test(`only its owner may release an rlock of ${of}`, async () => {
      const lock = objects().rlock();
      await lock.acquire();
      const other = start(async (l: typeof lock) => {
        await l.release().catch((error) => process.exit(error.code === 'ERR_STATE' ? 7 : 1));
      }, lock);
      await other.join();
      assert.equal(other.exitCode, 7);
      await lock.release();
    });
  });

  test(`a semaphore of 2 of ${of} has two holders, and gets back what a killed one held`, async () => {
    const semaphore = objects().semaphore(2);
    const ready = new Queue<number>();
    const holder = start(
      async (s: typeof semaphore, q: typeof ready) => {
        await s.acquire();
        await s.acquire();
        q.putSync(1);
        new Queue().getSync();
      },
      semaphore,
      ready,
    );
    await ready.get();
    assert.equal(await semaphore.getValue(), 0);
    assert.equal(await semaphore.tryAcquire(), false);
    const waits = [semaphore.acquire(), semaphore.acquire()];
    await slay(holder);
    assert.deepEqual(await Promise.all(waits), [true, true]);
    await semaphore.release();
    await semaphore.release();
    await semaphore.release();
    assert.equal(await semaphore.getValue(), 3);
  });

  describe(`a condition of ${of}`, () => {
    const waiter = async (c: ConditionProxy, q: Queue<string>) => {
      await c.with(async () => {
        q.putSync('waits');
        q.putSync(String(await c.wait()));
        q.putSync(String(await c.locked()));
      });
    };

    test(`notify of a condition of ${of} wakes one, notifyAll all, and each has the lock again`, async () => {
      const condition = objects().condition();
      const said = new Queue<string>();
      const waiters = [1, 2, 3].map(() => start(waiter, condition, said));
      for (let i = 0; i < 3; i++) assert.equal(await said.get(), 'waits');
      await condition.with(() => condition.notify());
      assert.deepEqual([await said.get(), await said.get()], ['true', 'true']);
      await condition.with(() => condition.notifyAll());
      for (let i = 0; i < 4; i++) assert.equal(await said.get(), 'true');
      for (const p of waiters) await p.join();
    });

    test(`a killed waiter of a condition of ${of} is forgotten, and one that is killed with the lock lets go of it`, async () => {
      const condition = objects().condition(objects().lock());
      const said = new Queue<string>();
      const [killed, other] = [start(waiter, condition, said), start(waiter, condition, said)];
      assert.equal(await said.get(), 'waits');
      assert.equal(await said.get(), 'waits');
      await slay(killed);
      await condition.with(() => condition.notify());
      // It may have been noted for the dead one, if the server had not seen its end: then it went on to the other.
      assert.equal(await said.get(), 'true');
      await other.join();
      const holder = start(
        async (c: ConditionProxy, q: Queue<string>) => {
          await c.acquire();
          q.putSync('holds');
          new Queue().getSync();
        },
        condition,
        said,
      );
      while ((await said.get()) !== 'holds') {}
      const wait = condition.acquire();
      await slay(holder);
      assert.equal(await wait, true);
      await condition.release();
    });

    test(`a condition of ${of} has time-outs and aborts, and refuses calls without the lock`, async () => {
      const condition = objects().condition();
      await assert.rejects(condition.wait(), StateError);
      await assert.rejects(condition.notify(), StateError);
      await condition.with(async () => {
        assert.equal(await condition.wait({ timeout: 5 }), false);
        assert.equal(await condition.waitFor(() => false, { timeout: 5 }), false);
        assert.equal(await condition.waitFor(() => 7), 7);
        const stop = new AbortController();
        const wait = condition.wait({ signal: stop.signal });
        stop.abort(new Error('enough'));
        await assert.rejects(wait, /enough/);
        assert.equal(await condition.locked(), true);
      });
      assert.equal(await condition.locked(), false);
    });
  });

  test(`an event of ${of} wakes all`, async () => {
    const event = objects().event();
    assert.equal(await event.isSet(), false);
    assert.equal(await event.wait({ timeout: 5 }), false);
    const waiters = [1, 2].map(() => start(async (e: typeof event) => process.exit((await e.wait()) ? 3 : 4), event));
    const own = event.wait();
    await event.set();
    assert.equal(await own, true);
    for (const p of waiters) {
      await p.join();
      assert.equal(p.exitCode, 3);
    }
    await event.clear();
    assert.equal(await event.isSet(), false);
  });

  describe(`a barrier of ${of}`, () => {
    test(`a barrier of ${of} lets all go on at once, each with another number, again and again`, async () => {
      const barrier = objects().barrier(3);
      const numbers = new Queue<number>();
      const party = async (b: typeof barrier, q: typeof numbers) => {
        for (let i = 0; i < 3; i++) q.putSync(await b.wait());
      };
      const parties = [start(party, barrier, numbers), start(party, barrier, numbers)];
      await party(barrier, numbers);
      for (const p of parties) await p.join();
      const seen = await numbers.getMany(9);
      assert.deepEqual(seen.sort(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
      assert.equal(await barrier.parties(), 3);
      assert.equal(await barrier.broken(), false);
      assert.equal(await barrier.nWaiting(), 0);
    });

    test(`a barrier of ${of} breaks when a party is killed, has no more time, or aborts it; reset makes it whole`, async () => {
      const barrier = objects().barrier(2);
      const said = new Queue<number>();
      const party = start(
        async (b: typeof barrier, q: typeof said) => {
          await b.wait();
          q.putSync(1);
          new Queue().getSync();
        },
        barrier,
        said,
      );
      await barrier.wait();
      await said.get();
      const wait = barrier.wait();
      wait.catch(() => {});
      await slay(party);
      await assert.rejects(wait, BrokenBarrierError);
      assert.equal(await barrier.broken(), true);
      await barrier.reset();
      await assert.rejects(barrier.wait({ timeout: 5 }), BrokenBarrierError);
      await barrier.reset();
      await barrier.abort();
      await assert.rejects(barrier.wait(), BrokenBarrierError);
    });

    test(`a party that ends as it should does not break a barrier of ${of}`, async () => {
      const barrier = objects().barrier(2);
      const party = start((b: typeof barrier) => b.wait(), barrier);
      await barrier.wait();
      await party.join();
      assert.equal(party.exitCode, 0);
      assert.equal(await barrier.broken(), false);
    });
  });
}
