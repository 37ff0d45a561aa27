/**
 * The cases of CPython's own tests of `queue`, Lib/test/test_queue.py of 3.13 (Python Software Foundation License
 * Version 2, https://docs.python.org/3/license.html), written anew: threads are async functions here.
 *
 * Left out: test_shrinking_queue (`maxsize` is read-only here) and the checks of the undocumented `is_shutdown`
 * and `unfinished_tasks`.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Empty, Full, LifoQueue, PriorityQueue, Queue, ShutDown, SimpleQueue } from 'multiproc/queue';
import { isPending } from './is-pending.ts';

const queueSize = 5;
const watchdog = { timeout: 60_000 };
type AnyQueue = Queue<unknown>;
type QueueClass = new (maxsize?: number) => AnyQueue;

/** Starts what must wait, sees that it does, does what ends the wait. */
async function untilTriggered<R>(start: () => Promise<R>, trigger: () => Promise<unknown>): Promise<R> {
  const waiting = start();
  assert.ok(await isPending(waiting), 'what should wait did not');
  await trigger();
  return waiting;
}

/** What `call` comes to: 'done', or 'ShutDown'. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (error) {
    assert.ok(error instanceof ShutDown, String(error));
    return 'ShutDown';
  }
}

const kinds: [QueueClass, number[]][] = [
  [Queue, [111, 333, 222]],
  [LifoQueue, [222, 333, 111]],
  [PriorityQueue, [111, 222, 333]],
];

for (const [Kind, order] of kinds) {
  describe(Kind.name, watchdog, () => {
    test('basic: order, bound, waiting put and get, twice on one queue', async () => {
      const q = new Kind(queueSize);
      for (let round = 0; round < 2; round++) await basic(q);
    });

    async function basic(q: AnyQueue): Promise<void> {
      assert.equal(q.qsize(), 0);
      assert.ok(q.empty());
      assert.ok(!q.full());
      for (const item of [111, 333, 222]) await q.put(item);
      assert.deepEqual([await q.get(), await q.get(), await q.get()], order);
      for (let i = 0; i < queueSize - 1; i++) {
        await q.put(i);
        assert.ok(q.qsize() > 0);
      }
      assert.ok(!q.full());
      await q.put(10);
      assert.ok(q.full());
      assert.ok(!q.empty());
      assert.throws(() => q.putNowait(30), Full);
      await assert.rejects(q.put(30, { timeout: 0 }), Full);
      await assert.rejects(q.put(30, { timeout: 10 }), Full);
      await untilTriggered(
        () => q.put(30),
        () => q.get(),
      );
      await untilTriggered(
        () => q.put(30, { timeout: 30_000 }),
        () => q.get(),
      );
      for (let i = 0; i < queueSize; i++) await q.get();
      assert.equal(q.qsize(), 0);
      assert.throws(() => q.getNowait(), Empty);
      await assert.rejects(q.get({ timeout: 0 }), Empty);
      await assert.rejects(q.get({ timeout: 10 }), Empty);
      const got = await untilTriggered(
        () => q.get(),
        () => q.put('item'),
      );
      assert.equal(got, 'item');
      await untilTriggered(
        () => q.get({ timeout: 30_000 }),
        () => q.put('item'),
      );
    }

    test('queue_join: join waits for all, can be repeated, and taskDone cannot be said too often', async () => {
      const q = new Kind();
      for (let round = 0; round < 2; round++) {
        let sum = 0;
        const worker = async (): Promise<void> => {
          for (;;) {
            const x = (await q.get()) as number;
            if (x >= 0) sum += x;
            await setImmediate();
            q.taskDone();
            if (x < 0) return;
          }
        };
        const workers = [worker(), worker()];
        for (let i = 0; i < 100; i++) await q.put(i);
        await q.join();
        assert.equal(sum, 4950);
        for (const _ of workers) await q.put(-1);
        await q.join();
        await Promise.all(workers);
      }
      assert.throws(() => q.taskDone(), { code: 'ERR_STATE' });
    });

    test('queue_task_done: on an unused queue', () => {
      assert.throws(() => new Kind().taskDone(), { code: 'ERR_STATE' });
    });

    test('negative_timeout_raises_exception', async () => {
      const q = new Kind(queueSize);
      await assert.rejects(q.put(1, { timeout: -1 }), RangeError);
      await assert.rejects(q.get({ timeout: -1 }), RangeError);
    });

    test('nowait', () => {
      const q = new Kind(queueSize);
      for (let i = 0; i < queueSize; i++) q.putNowait(1);
      assert.throws(() => q.putNowait(1), Full);
      for (let i = 0; i < queueSize; i++) q.getNowait();
      assert.throws(() => q.getNowait(), Empty);
    });

    test('shutdown_empty', async () => {
      const q = new Kind();
      q.shutdown();
      await assert.rejects(q.put('data'), ShutDown);
      await assert.rejects(q.get(), ShutDown);
    });

    test('shutdown_nonempty', async () => {
      const q = new Kind();
      await q.put('data');
      q.shutdown();
      assert.equal(await q.get(), 'data');
      await assert.rejects(q.get(), ShutDown);
    });

    test('shutdown_immediate', async () => {
      const q = new Kind();
      await q.put('data');
      q.shutdown({ immediate: true });
      await assert.rejects(q.get(), ShutDown);
    });

    test('shutdown_allowed_transitions', async () => {
      const q = new Kind();
      await q.put('data');
      q.shutdown();
      q.shutdown({ immediate: true });
      assert.throws(() => q.getNowait(), ShutDown);
      q.shutdown({ immediate: false });
      assert.throws(() => q.getNowait(), ShutDown);
    });

    test('shutdown_all_methods_in_one_thread', async () => {
      const q = new Kind(2);
      await q.put('L');
      q.putNowait('O');
      q.shutdown();
      await assert.rejects(q.put('E'), ShutDown);
      assert.throws(() => q.putNowait('W'), ShutDown);
      for (let i = 0; i < 2; i++) {
        assert.match((await q.get()) as string, /^[LO]$/);
        q.taskDone();
      }
      await q.join();
      await assert.rejects(q.get(), ShutDown);
      assert.throws(() => q.getNowait(), ShutDown);
      await assert.rejects(q.get({ timeout: 1000 }), ShutDown);
    });

    test('shutdown_immediate_all_methods_in_one_thread', async () => {
      const q = new Kind(2);
      await q.put('L');
      q.putNowait('O');
      q.shutdown({ immediate: true });
      await assert.rejects(q.put('E'), ShutDown);
      assert.throws(() => q.putNowait('W'), ShutDown);
      await assert.rejects(q.get(), ShutDown);
      assert.throws(() => q.getNowait(), ShutDown);
      assert.throws(() => q.taskDone(), { code: 'ERR_STATE' });
      await q.join();
    });

    for (const immediate of [false, true]) {
      test(`shutdown_all_methods_in_many_threads, immediate: ${immediate}`, async () => {
        const q = new Kind();
        const each = 4096;
        const shutdownAt = each / 2;
        let written = 0;
        let refused = 0;
        let taken = 0;
        const writer = async (): Promise<void> => {
          for (let i = 0; i < each; i++) {
            if ((await outcome(q.put([i, 'LOYD']))) === 'ShutDown') {
              refused += 1;
              return;
            }
            written += 1;
            if (i === shutdownAt) q.shutdown({ immediate });
            if (i % 64 === 0) await setImmediate();
          }
        };
        const reader = async (): Promise<void> => {
          for (;;) {
            if ((await outcome(q.get())) === 'ShutDown') return;
            taken += 1;
            if (taken % 100 === 0) await setImmediate();
            q.taskDone();
          }
        };
        const all = [...Array.from({ length: 4 }, writer), ...Array.from({ length: 6 }, reader), q.join(), q.join()];
        await Promise.all(all);
        assert.equal(refused, 4);
        assert.ok(q.empty());
        if (!immediate) assert.equal(taken, written);
        await q.join();
      });

      test(`shutdown_get, immediate: ${immediate}`, async () => {
        const q = new Kind(2);
        await q.put('Y');
        await q.put('D');
        q.shutdown({ immediate });
        const outcomes = await Promise.all([outcome(q.get()), outcome(q.get()), outcome(q.get())]);
        assert.equal(outcomes.filter((o) => o === 'ShutDown').length, immediate ? 3 : 1);
      });

      test(`shutdown_put, immediate: ${immediate}`, async () => {
        const q = new Kind(2);
        await q.put('Y');
        await q.put('D');
        const puts = [outcome(q.put('E')), outcome(q.put('W'))];
        assert.ok(await isPending(Promise.race(puts)));
        q.shutdown({ immediate });
        assert.deepEqual(await Promise.all(puts), ['ShutDown', 'ShutDown']);
      });

      test(`shutdown_join, immediate: ${immediate}`, async () => {
        const q = new Kind();
        await q.put('Y');
        const joins = Promise.all([q.join(), q.join()]);
        q.shutdown({ immediate });
        if (!immediate) {
          assert.ok(await isPending(joins));
          await q.get();
          q.taskDone();
        }
        await joins;
      });

      test(`shutdown_put_join, immediate: ${immediate}`, async () => {
        const q = new Kind(1);
        await q.put('Y');
        const put = outcome(q.put('E'));
        const joined = q.join();
        q.shutdown({ immediate });
        if (immediate) {
          assert.throws(() => q.getNowait(), ShutDown);
        } else {
          assert.equal(await q.get(), 'Y');
          q.taskDone();
        }
        assert.equal(await put, 'ShutDown');
        await joined;
      });
    }

    test('shutdown_get_task_done_join', async () => {
      const q = new Kind(2);
      await q.put('Y');
      await q.put('D');
      const consume = async (): Promise<void> => {
        await q.get();
        await setImmediate();
        q.taskDone();
      };
      const all = [consume(), consume(), q.join(), q.join()];
      q.shutdown();
      await Promise.all(all);
    });

    test('shutdown_pending_get', async () => {
      const q = new Kind();
      const got = q.get();
      assert.ok(await isPending(got));
      q.shutdown();
      await assert.rejects(got, ShutDown);
    });
  });
}

class YouLose extends Error {}

class FailingQueue extends Queue<unknown> {
  failNextPut = false;
  failNextGet = false;

  protected override _put(item: unknown): void {
    if (this.failNextPut) {
      this.failNextPut = false;
      throw new YouLose();
    }
    super._put(item);
  }

  protected override _get(): unknown {
    if (this.failNextGet) {
      this.failNextGet = false;
      throw new YouLose();
    }
    return super._get();
  }
}

test('failing_queue: a subclass that throws leaves the queue as it was, twice on one queue', watchdog, async () => {
  const q = new FailingQueue(queueSize);
  for (let round = 0; round < 2; round++) await failing(q);
});

async function failing(q: FailingQueue): Promise<void> {
  for (let i = 0; i < queueSize - 1; i++) await q.put(i);

  q.failNextPut = true;
  assert.throws(() => q.putNowait('oops'), YouLose);
  q.failNextPut = true;
  await assert.rejects(q.put('oops', { timeout: 100 }), YouLose);
  await q.put('last');
  assert.ok(q.full());

  for (const options of [undefined, { timeout: 30_000 }]) {
    q.failNextPut = true;
    const put = untilTriggered(
      () => q.put('full', options),
      () => q.get(),
    );
    await assert.rejects(put, YouLose);
    await q.put('last'); // the put failed, but the get did not
    assert.ok(q.full());
  }

  await q.get();
  assert.ok(!q.full());
  await q.put('last');
  assert.ok(q.full());
  await untilTriggered(
    () => q.put('full'),
    () => q.get(),
  );
  for (let i = 0; i < queueSize; i++) await q.get();
  assert.ok(q.empty());

  await q.put('first');
  q.failNextGet = true;
  await assert.rejects(q.get(), YouLose);
  assert.equal(q.qsize(), 1);
  q.failNextGet = true;
  await assert.rejects(q.get({ timeout: 100 }), YouLose);
  assert.equal(q.qsize(), 1);
  await q.get();
  assert.ok(q.empty());

  q.failNextGet = true;
  const got = untilTriggered(
    () => q.get(),
    () => q.put('empty'),
  );
  await assert.rejects(got, YouLose);
  assert.equal(q.qsize(), 1); // the put did not fail, but the get did
  await q.get();
  assert.ok(q.empty());
}

describe('SimpleQueue', watchdog, () => {
  test('basic', async () => {
    const q = new SimpleQueue<number>();
    assert.ok(q.empty());
    assert.equal(q.qsize(), 0);
    await q.put(1);
    assert.ok(!q.empty());
    assert.equal(q.qsize(), 1);
    q.putSync(2);
    q.putNowait(3);
    await q.put(4);
    assert.equal(q.qsize(), 4);
    assert.equal(await q.get(), 1);
    assert.equal(q.getNowait(), 2);
    assert.equal(q.getSync(), 3);
    assert.equal(q.qsize(), 1);
    assert.equal(await q.get({ timeout: 100 }), 4);
    assert.ok(q.empty());
    await assert.rejects(q.get({ timeout: 0 }), Empty);
    await assert.rejects(q.get({ timeout: 1 }), Empty);
    assert.throws(() => q.getNowait(), Empty);
    assert.throws(() => q.getSync({ timeout: 1 }), Empty);
    assert.equal(q.qsize(), 0);
  });

  test('negative_timeout_raises_exception', async () => {
    const q = new SimpleQueue<number>();
    await q.put(1);
    await assert.rejects(q.get({ timeout: -1 }), RangeError);
    assert.equal(q.qsize(), 1);
  });

  type Take = (q: SimpleQueue<number | null>) => Promise<number | null>;
  const takes: Record<string, Take> = {
    waiting: (q) => q.get(),
    polling: async (q) => {
      for (;;) {
        try {
          return q.getNowait();
        } catch (error) {
          assert.ok(error instanceof Empty);
          await setImmediate();
        }
      }
    },
    'with a tiny timeout': async (q) => {
      for (;;) {
        try {
          return await q.get({ timeout: 0.01 });
        } catch (error) {
          assert.ok(error instanceof Empty);
        }
      }
    },
  };

  async function run(n: number, count: number, take: Take): Promise<number[]> {
    const q = new SimpleQueue<number | null>();
    const inputs = Array.from({ length: count }, (_, i) => i).reverse();
    const results: number[] = [];
    let turn = 0;
    const feed = async (): Promise<void> => {
      for (let item = inputs.pop(); item !== undefined; item = inputs.pop()) {
        await q.put(item);
        if (turn++ % 3 === 0) await setImmediate();
      }
      await q.put(null);
    };
    const consume = async (): Promise<void> => {
      for (let item = await take(q); item !== null; item = await take(q)) results.push(item);
    };
    await Promise.all([...Array.from({ length: n }, feed), ...Array.from({ length: n }, consume)]);
    assert.ok(q.empty());
    return results;
  }

  test('order: one producer, one consumer', async () => {
    for (const take of Object.values(takes)) {
      const results = await run(1, 100, take);
      assert.deepEqual(
        results,
        Array.from({ length: 100 }, (_, i) => i),
      );
    }
  });

  for (const [how, take] of Object.entries(takes)) {
    test(`many_threads, ${how}: 50 producers and 50 consumers`, async () => {
      const count = how === 'with a tiny timeout' ? 1000 : 10_000;
      const results = await run(50, count, take);
      assert.deepEqual(
        results.sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
    });
  }

  test('reentrancy: a put in the middle of a put', () => {
    const q = new SimpleQueue<number>();
    let next = 0;
    const options = {
      get timeout() {
        q.putNowait(next++);
        return undefined;
      },
    };
    for (let i = 0; i < 1000; i++) q.putSync(1_000_000 + next++, options);
    assert.equal(q.qsize(), 2000);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

for (const Kind of [Queue, LifoQueue, PriorityQueue, SimpleQueue]) {
  test(`references: ${Kind.name} does not keep alive what has left it`, watchdog, async () => {
    const q = new Kind<{ valueOf(): number }>();
    for (let i = 0; i < 21; i++) q.putNowait({ valueOf: () => i });
    const refs: WeakRef<object>[] = [];
    for (let i = 0; i < 20; i++) refs.push(new WeakRef(await q.get()));
    // A reference that was made or read in this turn of the event loop keeps its object until the turn ends.
    do {
      await setImmediate();
      collectGarbage();
    } while (refs.some((ref) => ref.deref() !== undefined));
    assert.equal(q.qsize(), 1);
  });
}
