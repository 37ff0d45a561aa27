import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { AsyncResult, Lock, Pool, Queue, StateError, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

const pool = poolOf(2);
const numbers = Array.from({ length: 100 }, (_, i) => i);
const square = (n: number) => n * n;
const squares = numbers.map(square);

describe('map', () => {
  test('results that are arrays stay apart, and thousands of chunks keep their order', async () => {
    const several = Array.from({ length: 5000 }, (_, i) => i);
    for (const chunksize of [1, 2, 3000]) {
      const pairs = await watched(pool.map((n: number) => [n, [n]], several, { chunksize }));
      assert.deepEqual(
        pairs,
        several.map((n) => [n, [n]]),
      );
    }
  });

  test('map returns results in order, for any chunk size and kind of input', async () => {
    for (const chunksize of [1, 3, 7, 100, 1000, undefined]) {
      const options = chunksize === undefined ? {} : { chunksize };
      assert.deepEqual(await watched(pool.map(square, numbers, options)), squares);
    }
    async function* later() {
      yield* numbers;
    }
    assert.deepEqual(await watched(pool.map(square, later())), squares);
    assert.deepEqual(await watched(pool.map(square, new Set(numbers))), squares);
    assert.deepEqual(await watched(pool.map(square, new Float64Array(numbers))), squares);
    assert.deepEqual(pool.mapSync(square, numbers), squares);
    assert.deepEqual(await watched(pool.mapAsync(square, numbers).get()), squares);
    assert.deepEqual(
      await watched(
        pool.starmap(
          (a: number, b: number) => a * b,
          [
            [1, 2],
            [3, 4],
          ],
        ),
      ),
      [2, 12],
    );
  });

  test('map of no items resolves to [], at once and without a worker', async () => {
    const idle = poolOf(1);
    assert.deepEqual(await idle.map(square, []), []);
    assert.deepEqual(await idle.mapAsync(square, [], { chunksize: 1 }).get(), []);
    assert.deepEqual(await idle.starmap((n: number) => n, []), []);
    assert.deepEqual(await idle.mapChunks((chunk: number[]) => chunk, []), []);
    assert.deepEqual(idle.mapSync(square, []), []);
    assert.deepEqual(await watched(idle.imap(square, []).next()), { done: true, value: undefined });
    assert.equal(idle.stats().started, 0);
  });

  test('map waits for all items and then rejects with the first error by index', async () => {
    const ran = new Queue<number>();
    const task = async (n: number) => {
      await ran.put(n);
      if (n === 3 || n === 7) throw new Error(`failed at ${n}`);
    };
    for (const chunksize of [1, 4, 10]) {
      assert.match(String(await errorOf(pool.map(task, numbers.slice(0, 10), { chunksize }))), /failed at 3/);
      assert.equal((await ran.getMany(100)).length, 10);
    }
  });

  test('map with failFast rejects at once and ends the other tasks', async () => {
    const gate = new Queue<number>();
    const task = async (n: number) => {
      if (n === 1) throw new Error('fast');
      return gate.get();
    };
    const many = Array.from({ length: 50 }, (_, i) => i);
    assert.match(String(await errorOf(pool.map(task, many, { chunksize: 1, failFast: true }))), /fast/);
    await lives(pool);
    await until(() => pool.stats().outstanding === 0);
  });

  test('map reports its progress before it resolves', async () => {
    const progress: [number, number | undefined][] = [];
    const onProgress = (done: number, total?: number) => progress.push([done, total]);
    await watched(pool.map(square, [1, 2, 3, 4, 5], { chunksize: 2, onProgress }));
    assert.equal(progress.length, 3);
    assert.deepEqual(progress.at(-1), [5, 5]);
    pool.mapSync(square, [1, 2], { chunksize: 1, onProgress });
    assert.deepEqual(progress.at(-1), [2, 2]);
  });

  test('map refuses invalid arguments at once', async () => {
    for (const chunksize of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(pool.map(square, numbers, { chunksize }), RangeError);
      assert.throws(() => pool.mapAsync(square, numbers, { chunksize }), RangeError);
      assert.throws(() => pool.mapSync(square, numbers, { chunksize }), RangeError);
      assert.throws(() => pool.imap(square, numbers, { chunksize }), RangeError);
    }
    assert.throws(() => pool.imap(square, numbers, { buffersize: 0 }), RangeError);
    await assert.rejects(pool.map(square, 5 as never), TypeError);
    await assert.rejects(pool.map('no' as never, numbers), TypeError);
    assert.throws(() => pool.mapSync('no' as never, numbers), TypeError);
    await assert.rejects(pool.apply(square, 5 as never), TypeError);
    await assert.rejects(pool.apply(square, [1], { retries: -1 }), RangeError);
    for (const processes of [0, -1, 1.5]) assert.throws(() => new Pool(processes), RangeError);
    for (const wrong of [0, -1, 0.5]) {
      assert.throws(() => new Pool({ maxTasksPerChild: wrong }), RangeError);
      assert.throws(() => new Pool({ concurrency: wrong }), RangeError);
    }
    assert.throws(() => new Pool({ initializer: 5 as never }), TypeError);
  });
});

describe('mapChunks', () => {
  test('mapChunks hands whole chunks and the index of their first item to the function', async () => {
    const seen = await watched(
      pool.mapChunks((c: number[], start: number) => [c, start], [1, 2, 3, 4, 5], { chunksize: 2 }),
    );
    assert.deepEqual(seen, [
      [[1, 2], 0],
      [[3, 4], 2],
      [[5], 4],
    ]);
  });

  test('mapChunks of a typed array passes typed arrays, not copied item by item', async () => {
    const values = new Float64Array(1e6).map((_, i) => i);
    const sum = (chunk: Float64Array) => {
      let sum = 0;
      for (const value of chunk) sum += value;
      return [chunk.constructor.name, chunk.byteLength, sum] as const;
    };
    const parts = await watched(pool.mapChunks(sum, values, { chunksize: 250_000 }));
    assert.equal(parts.length, 4);
    for (const [name, bytes] of parts) assert.deepEqual([name, bytes], ['Float64Array', 2e6]);
    assert.equal(
      parts.reduce((all, [, , sum]) => all + sum, 0),
      (1e6 * (1e6 - 1)) / 2,
    );
    const doubled = await watched(pool.mapChunks((c: Float64Array) => c.map((x) => 2 * x), values, { chunksize: 5e5 }));
    assert.deepEqual(
      doubled.map((c) => [c.length, c[1]]),
      [
        [5e5, 2],
        [5e5, 1_000_002],
      ],
    );
  });
});

describe('calls that block the thread', () => {
  test('applySync returns the result or throws the error', () => {
    assert.equal(pool.applySync(square, [12]), 144);
    assert.equal(
      pool.applySync(async (n: number) => n, [3]),
      3,
    );
    assert.throws(
      () =>
        pool.applySync(() => {
          throw new RangeError('sync');
        }),
      /sync/,
    );
    assert.throws(() => pool.applySync(square, [setTimeout(() => {}, 0) as never]), /args\[0\]/);
  });

  test('a worker that dies meanwhile is noticed without a turn of the event loop', () => {
    for (let i = 0; i < 3; i++) {
      assert.throws(() => pool.applySync(() => process.exit(4)), { code: 'ERR_WORKER_LOST', exitCode: 4 });
    }
    assert.deepEqual(pool.mapSync(square, [1, 2, 3]), [1, 4, 9]);
  });

  test('a worker that is killed during applySync is noticed without a turn of the event loop', () => {
    const die = (n: number) => (n === 2 ? process.kill(process.pid, 'SIGKILL') : n);
    assert.throws(() => pool.mapSync(die, [1, 2, 3], { chunksize: 1 }), { code: 'ERR_WORKER_LOST', signal: 'SIGKILL' });
    assert.deepEqual(pool.mapSync(square, [1, 2, 3]), [1, 4, 9]);
  });

  test('applySync works while promises wait', async () => {
    const gate = new Queue<number>();
    const waiting = pool.apply(() => gate.get());
    assert.equal(pool.applySync(square, [5]), 25);
    gate.putNowait(8);
    assert.equal(await watched(waiting), 8);
  });
});

describe('what may be an argument', () => {
  test('an argument of a task may be a queue, a lock, a function, and a pool’s own method’s result', async () => {
    const queue = new Queue<number>();
    const lock = new Lock();
    await watched(pool.apply((q: Queue<number>, n: number) => q.put(n), [queue, 5]));
    assert.equal(queue.getNowait(), 5);
    await lock.acquire();
    const waiting = pool.apply(
      async (l: Lock) => {
        await l.acquire();
        l.release();
        return 'after';
      },
      [lock],
    );
    lock.release();
    assert.equal(await watched(waiting), 'after');
    assert.equal(await watched(pool.apply((f: (n: number) => number, n: number) => f(n), [square, 9])), 81);
    assert.equal(await watched(pool.wrap(square)(7)), 49);
  });

  test('functions of every kind may be arguments of a task: built in, bound, methods of classes', async () => {
    // biome-ignore lint/complexity/noStaticOnlyClass: that is the case.
    class Calculator {
      static add(a: number, b: number) {
        return a + b;
      }
    }
    assert.equal(await watched(pool.apply(Math.max, [1, 5])), 5);
    assert.equal(await watched(pool.apply(Calculator.add, [1, 2])), 3);
    assert.equal(await watched(pool.apply(square.bind(null, 4))), 16);
  });
});

describe('AsyncResult', () => {
  test('get, wait, ready and successful of an AsyncResult follow its task', async () => {
    const gate = new Queue<number>();
    const result = pool.applyAsync(() => gate.get());
    assert(result instanceof AsyncResult);
    assert.equal(result.ready(), false);
    assert.throws(() => result.successful(), StateError);
    assert.equal(await result.wait({ timeout: 1 }), false);
    await assert.rejects(result.get({ timeout: 1 }), TimeoutError);
    gate.putNowait(5);
    assert.equal(await watched(result.wait()), true);
    assert.deepEqual([result.ready(), result.successful(), await result, await result.get()], [true, true, 5, 5]);
    const failed = pool.applyAsync(() => Promise.reject(new Error('failed')));
    assert.equal(await watched(failed.wait()), true);
    assert.equal(failed.successful(), false);
    await assert.rejects(failed.get(), /failed/);
    await assert.rejects(Promise.resolve(failed), /failed/);
  });

  test('an AsyncResult is a promise, before and after its task has ended', async () => {
    const gate = new Queue<number>();
    const fails = async () => assert.equal(await gate.get(), 0);
    const results = [pool.applyAsync(() => gate.get()), pool.applyAsync(fails)] as const;
    assert(results.every((result) => result instanceof Promise));
    const early = Promise.allSettled([...results, results[0].finally(() => {}), results[1].catch(() => 'caught')]);
    gate.putNowait(3);
    gate.putNowait(3);
    const statuses = (await watched(early)).map(({ status }) => status);
    assert.deepEqual(statuses, ['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    assert.equal(await results[0].then((value) => value + 1), 4);
    assert.equal(await results[1].catch(() => 'caught'), 'caught');
    assert.equal((await Promise.race(results)) === 3, true);
    const failed = pool.applyAsync(() => Promise.reject(new Error('read late')));
    assert.equal(await watched(failed.wait()), true);
    assert.match(String(await failed.catch((error) => error)), /read late/);
  });

  test('cancel ends only its own task', async () => {
    const gate = new Queue<number>();
    const result = pool.applyAsync(() => gate.get());
    const other = pool.applyAsync(() => gate.get());
    result.cancel();
    result.cancel();
    assert.equal(((await errorOf(result)) as Error).name, 'AbortError');
    gate.putNowait(1);
    assert.equal(await watched(other.get()), 1);
    const many = pool.mapAsync(() => gate.get(), [1, 2, 3], { chunksize: 1 });
    many.cancel();
    assert.equal(((await errorOf(many)) as Error).name, 'AbortError');
    await lives(pool);
  });

  test('callbacks are called once, before code that awaits the result goes on', async () => {
    const calls: unknown[] = [];
    const options = { callback: (v: unknown) => calls.push(v), errorCallback: (e: unknown) => calls.push(String(e)) };
    await watched(pool.applyAsync(square, [3], options).wait());
    assert.deepEqual(calls, [9]);
    await watched(pool.applyAsync(() => Promise.reject(new Error('x')), [], options).wait());
    assert.deepEqual(calls, [9, 'Error: x']);
    await watched(pool.mapAsync(square, [1, 2], options).wait());
    assert.deepEqual(calls, [9, 'Error: x', [1, 4]]);
    const late = pool.applyAsync(square, [setTimeout(() => {}, 0) as never], options);
    await watched(late.wait());
    assert.equal(calls.length, 4);
  });
});

describe('numbers about a pool', () => {
  test('size, pids and stats say what the pool has and does', async () => {
    const fresh = poolOf({ processes: 3, name: 'Mill' });
    assert.deepEqual([fresh.size, fresh.pids, fresh.stats().workers], [3, [], 0]);
    const name = await watched(fresh.apply(async () => (await import('multiproc')).currentProcess().name));
    assert.equal(name, 'Mill-1');
    const pid = await watched(fresh.apply(() => process.pid));
    assert.deepEqual(fresh.pids, [pid]);
    await errorOf(fresh.apply(() => Promise.reject(1)));
    assert.deepEqual(fresh.stats(), { workers: 1, started: 1, lost: 0, outstanding: 0, done: 3, failed: 1 });
  });
});
