import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ClosedError, Lock, Queue, ShutDown, SimpleQueue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, kernelTells, start, until, waiting } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

async function produce(queue: Queue<unknown>, id: number, count: number, blocking: boolean): Promise<void> {
  for (let i = 0; i < count; i++) {
    const item = i % 3 === 0 ? id * 1e6 + i : { id, i, text: 'x'.repeat(i % 100) };
    if (blocking) queue.putSync(item);
    else await queue.put(item);
  }
}

/** Reports what it got, as [producer, number]. */
async function consume(queue: Queue<unknown>, report: Queue<[number, number][]>, blocking: boolean): Promise<void> {
  const seen: [number, number][] = [];
  try {
    for (;;) {
      const item = blocking ? queue.getSync() : await queue.get();
      const { id, i, text } =
        typeof item === 'number'
          ? { id: Math.floor(item / 1e6), i: item % 1e6, text: '' }
          : (item as { id: number; i: number; text: string });
      if (text !== (i % 3 === 0 ? '' : 'x'.repeat(i % 100))) throw new Error('torn');
      seen.push([id, i]);
    }
  } catch (error) {
    if (!(error instanceof ShutDown)) throw error;
  }
  await report.put(seen);
}

describe('several producers and consumers', () => {
  for (const [producers, consumers, bound] of [
    [1, 1, 0],
    [1, 1, 3],
    [4, 4, 0],
    [3, 3, 5],
    [2, 5, 1],
  ] as const) {
    test(`${producers} producers and ${consumers} consumers at a bound of ${bound} pass every item once, those of each producer in order`, async () => {
      const queue = new Queue<unknown>(bound);
      const report = new Queue<[number, number][]>();
      using _ = watchdog(`${producers} × ${consumers}`, 100, queue, report);
      const count = 1000;
      const takers = Array.from({ length: consumers }, (_, i) => start(consume, queue, report, i % 2 === 0));
      const makers = Array.from({ length: producers }, (_, i) => start(produce, queue, i, count, i % 2 === 1));
      await Promise.all(makers.map((p) => p.join()));
      queue.shutdown();
      const all: number[][] = Array.from({ length: producers }, () => []);
      for (let i = 0; i < consumers; i++) {
        const last = new Array(producers).fill(-1);
        for (const [id, n] of await report.get(TIMEOUT)) {
          assert.ok(n > last[id], 'items of one producer overtook each other');
          last[id] = n;
          all[id]!.push(n);
        }
      }
      const expected = Array.from({ length: count }, (_, i) => i);
      for (const seen of all)
        assert.deepEqual(
          seen.sort((a, b) => a - b),
          expected,
        );
      await Promise.all(takers.map((p) => p.join()));
    });
  }

  test('a bounded queue is never above its bound, whichever process looks', async () => {
    const queue = new Queue<number>(3);
    using _ = watchdog('bound', 60, queue);
    const fill = async (q: Queue<number>) => {
      for (let i = 0; i < 3000; i++) {
        await q.put(i);
        if (q.qsize() > 3) throw new Error(`${q.qsize()} items`);
      }
    };
    const makers = [start(fill, queue), start(fill, queue), start(fill, queue)];
    for (let i = 0; i < 9000; i++) {
      queue.getSync();
      assert.ok(queue.qsize() <= 3);
    }
    await Promise.all(makers.map((p) => p.join()));
    assert.deepEqual(
      makers.map((p) => p.exitCode),
      [0, 0, 0],
    );
  });

  test('64 processes share one queue, and each gets an item', async () => {
    const queue = new Queue<number>();
    const back = new Queue<number>(8);
    using _ = watchdog('64 processes', 150, queue, back);
    const all = Array.from({ length: 64 }, (_, i) =>
      start(
        async (q: Queue<number>, b: Queue<number>, blocking: boolean) => {
          const n = blocking ? q.getSync() : await q.get();
          await b.put(n * n);
        },
        queue,
        back,
        i % 2 === 0,
      ),
    );
    for (let i = 0; i < 64; i++) queue.putSync(i);
    let sum = 0;
    for (let i = 0; i < 64; i++) sum += await back.get(TIMEOUT);
    assert.equal(sum, 85_344);
    await Promise.all(all.map((p) => p.join()));
  });
});

describe('what one process does, all others see', () => {
  test('qsize, empty and full are exact in every process once a put has resolved', async () => {
    const queue = new Queue<number>(2);
    const ask = new Queue<number>();
    const answers = new Queue<unknown>();
    using _ = watchdog('exact', 60, queue, ask, answers);
    const watcher = (q: Queue<number>, a: Queue<number>, out: Queue<unknown>) => {
      while (a.getSync() > 0) out.putSync([q.qsize(), q.empty(), q.full()]);
    };
    const watchers = [1, 2, 3].map(() => start(watcher, queue, ask, answers));
    const expected = async (...seen: unknown[]) => {
      for (let i = 0; i < 3; i++) ask.putSync(1);
      for (let i = 0; i < 3; i++) assert.deepEqual(await answers.get(TIMEOUT), seen);
    };
    await expected(0, true, false);
    await queue.put(1);
    await expected(1, false, false);
    queue.putSync(2);
    await expected(2, false, true);
    await queue.get();
    await expected(1, false, false);
    for (let i = 0; i < 3; i++) ask.putSync(0);
    await Promise.all(watchers.map((p) => p.join()));
  });

  test('shutdown ends the waits in all processes', async () => {
    for (const immediate of [false, true]) {
      const queue = new Queue<number>(1);
      const answers = new Queue<string>();
      using _ = watchdog('shutdown', 60, queue, answers);
      const waiters = [
        start(getSyncUntilShutDown, queue, answers),
        start(getUntilShutDown, queue, answers),
        start(getSyncUntilShutDown, queue, answers),
        start(iterate, queue, answers),
      ];
      await inLine(queue, 4, waiters);
      queue.shutdown({ immediate });
      for (let i = 0; i < 4; i++) assert.match(await answers.get(TIMEOUT), /^(shut down|end)$/);
      await Promise.all(waiters.map((p) => p.join()));
    }
  });

  test('shutdown ends the waits of producers; an immediate one in another process drops the items', async () => {
    const queue = new Queue<number>(1);
    const answers = new Queue<string>();
    using _ = watchdog('shutdown of producers', 60, queue, answers);
    queue.putSync(1);
    const makers = [start(putSyncUntilShutDown, queue, answers), start(putUntilShutDown, queue, answers)];
    await inLine(queue, 2, makers, 'put');
    const ender = start((q: Queue<number>) => q.shutdown({ immediate: true }), queue);
    for (let i = 0; i < 2; i++) assert.equal(await answers.get(TIMEOUT), 'shut down');
    await ender.join();
    assert.equal(queue.qsize(), 0);
    assert.throws(() => queue.getNowait(), ShutDown);
    await Promise.all(makers.map((p) => p.join()));
  });

  test('an iterator that leaves loses nothing', async () => {
    const queue = new Queue<number>();
    using _ = watchdog('iterators', 60, queue);
    const first = start(async (q: Queue<number>) => {
      for await (const n of q) if (n === 1) return;
    }, queue);
    await inLine(queue, 1, [first]);
    await queue.putMany([0, 1, 2, 3]);
    await first.join();
    assert.deepEqual(await queue.getMany(9), [2, 3]);
  });

  test('close is for one process: others go on', async () => {
    const queue = new Queue<number>();
    const back = new Queue<string>();
    using _ = watchdog('close', 60, queue, back);
    const p = start(
      async (q: Queue<number>, b: Queue<string>) => {
        const wait = q.get();
        q.close();
        await wait.catch((error) => b.putSync(error instanceof ClosedError ? 'closed' : String(error)));
      },
      queue,
      back,
    );
    assert.equal(await back.get(TIMEOUT), 'closed');
    await queue.put(1);
    assert.equal(queue.getSync(), 1);
    await p.join();
  });

  // A waiter that is only armed takes a last look, and may find what the first in line was just being woken for.
  const skip = !kernelTells && 'only the kernel of Linux tells that all waiters sleep';
  test('waiters of several processes are served in order of arrival', { skip }, async () => {
    const queue = new Queue<number>();
    const answers = new Queue<number[]>();
    using _ = watchdog('order of arrival', 60, queue, answers);
    const line = [];
    for (let i = 0; i < 4; i++) {
      const wait = i % 2 === 0 ? takeOneSync : takeOne;
      line.push(start(wait, queue, answers, i));
      await inLine(queue, i + 1, line);
    }
    for (let i = 0; i < 4; i++) {
      queue.putSync(i);
      // The event loop stands still: nobody is reclaimed, nor reminded that the first in line is slow, so only the line decides.
      while (answers.empty());
      assert.deepEqual(answers.getSync(), [i, i]);
    }
    await Promise.all(line.map((p) => p.join()));
  });
});

describe('what travels', () => {
  test('queues and locks in arguments, items and answers are the same everywhere', async () => {
    const outer = new Queue<unknown>();
    const back = new Queue<unknown>();
    using _ = watchdog('travel', 60, outer, back);
    const p = start(
      async (q: Queue<{ inner: Queue<string>; lock: Lock; self: Queue<unknown> }>, b: Queue<unknown>) => {
        const { inner, lock, self } = await q.get();
        lock.release();
        inner.putSync(self === (q as unknown) ? 'same' : 'another');
        const made = new SimpleQueue<number>();
        made.putSync(42);
        b.putSync({ inner, made });
      },
      outer as never,
      back,
    );
    const inner = new Queue<string>();
    const lock = new Lock();
    lock.acquireSync();
    outer.putSync({ inner, lock, self: outer });
    const answer = (await back.get(TIMEOUT)) as { inner: Queue<string>; made: SimpleQueue<number> };
    assert.equal(answer.inner, inner);
    assert.equal(inner.getSync(), 'same');
    assert.equal(lock.locked(), false);
    await p.join();
    assert.equal(answer.made.getSync(), 42);
  });

  for (const joinFirst of [true, false]) {
    test(`a child that puts 8 MB and ends loses nothing, joined ${joinFirst ? 'before' : 'after'} reading`, async () => {
      const queue = new Queue<string | Uint8Array>();
      using _ = watchdog('8 MB', 60, queue);
      const p = start((q: Queue<string | Uint8Array>) => {
        q.putSync('y'.repeat(8e6));
        void q.put(new Uint8Array(8e6).fill(9));
      }, queue);
      if (joinFirst) p.joinSync();
      assert.equal((queue.getSync() as string).length, 8e6);
      const bytes = (await queue.get(TIMEOUT)) as Uint8Array;
      assert.ok(bytes.length === 8e6 && bytes.every((byte) => byte === 9));
      await p.join();
      assert.equal(p.exitCode, 0);
    });
  }

  test('a blocked put that waits for room is not lost when its process has nothing else to do', async () => {
    const queue = new Queue<number>(1);
    using _ = watchdog('unawaited put', 60, queue);
    const p = start((q: Queue<number>) => {
      void q.put(1);
      void q.put(2);
      void q.put(3);
    }, queue);
    await until(() => waiting(queue, 'put') === 1);
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], [1, 2, 3]);
    await p.join();
    assert.equal(p.exitCode, 0);
  });
});

function getSyncUntilShutDown(queue: Queue<number>, answers: Queue<string>): void {
  try {
    queue.getSync();
  } catch (error) {
    answers.putSync(error instanceof ShutDown ? 'shut down' : String(error));
  }
}

async function getUntilShutDown(queue: Queue<number>, answers: Queue<string>): Promise<void> {
  await queue.get().catch((error) => answers.put(error instanceof ShutDown ? 'shut down' : String(error)));
}

async function iterate(queue: Queue<number>, answers: Queue<string>): Promise<void> {
  for await (const _ of queue);
  await answers.put('end');
}

function putSyncUntilShutDown(queue: Queue<number>, answers: Queue<string>): void {
  try {
    queue.putSync(2);
  } catch (error) {
    answers.putSync(error instanceof ShutDown ? 'shut down' : String(error));
  }
}

async function putUntilShutDown(queue: Queue<number>, answers: Queue<string>): Promise<void> {
  await queue.put(2).catch((error) => answers.put(error instanceof ShutDown ? 'shut down' : String(error)));
}

function takeOneSync(queue: Queue<number>, answers: Queue<number[]>, i: number): void {
  answers.putSync([i, queue.getSync()]);
}

async function takeOne(queue: Queue<number>, answers: Queue<number[]>, i: number): Promise<void> {
  await answers.put([i, await queue.get()]);
}
