// Ported from CPython's test suite, written anew: _TestPool and _TestPoolWorkerLifetime of Lib/test/_test_multiprocessing.py.
// Copyright (c) 2001 Python Software Foundation; All Rights Reserved. PSF License, see https://docs.python.org/3/license.html
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedError, Pool, Process, Queue, TimeoutError } from 'multiproc';
import { until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { all, errorOf, poolOf } from './pools.ts';

const sqr = (x: number, wait = 0) => (wait === 0 ? x * x : sleep(wait).then(() => x * x));
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('_TestPool', () => {
  const pool = poolOf(4);

  test('test_apply', async () => {
    assert.equal(await watched(pool.apply(sqr, [5])), sqr(5));
  });

  test('test_map, test_starmap', async () => {
    assert.deepEqual(
      await watched(pool.map((x: number) => x * x, range(10))),
      range(10).map((x) => x * x),
    );
    const squares = range(100).map((x) => x * x);
    assert.deepEqual(await watched(pool.map((x: number) => x * x, range(100), { chunksize: 20 })), squares);
    const mul = (x: number, y: number) => x * y;
    const pairs = range(100).map((i): [number, number] => [i, 99 - i]);
    assert.deepEqual(
      await watched(pool.starmap(mul, pairs)),
      pairs.map(([x, y]) => x * y),
    );
    assert.deepEqual(
      await watched(pool.starmap(mul, pairs, { chunksize: 20 })),
      pairs.map(([x, y]) => x * y),
    );
  });

  test('test_map_async, test_starmap_async', async () => {
    assert.deepEqual(
      await watched(pool.mapAsync((x: number) => x * x, range(10)).get()),
      range(10).map((x) => x * x),
    );
    const tuples = range(10).map((i): [number, number] => [i, 9 - i]);
    const expected = tuples.map(([x, y]) => x * y);
    assert.deepEqual(await watched(pool.starmapAsync((x: number, y: number) => x * y, tuples).get()), expected);
  });

  test('test_map_async_callbacks', async () => {
    const calls: unknown[] = [];
    const options = { callback: (v: unknown) => calls.push(v), errorCallback: (e: unknown) => calls.push(e) };
    await watched(pool.mapAsync((x: number) => x + 1, [1], options).wait());
    assert.deepEqual(calls, [[2]]);
    const fail = () => {
      throw new RangeError('int');
    };
    await watched(pool.mapAsync(fail, [1], options).wait());
    assert.equal(calls.length, 2);
    assert(calls[1] instanceof RangeError);
  });

  test('test_map_unplicklable', async () => {
    const error = (await errorOf(pool.map((x: unknown) => x, [Promise.resolve()]))) as { code: string };
    assert.equal(error.code, 'ERR_SERIALIZATION');
  });

  test('test_map_no_failfast', async () => {
    const ended = new Queue<number>();
    const task = async (x: number) => {
      if (x === 0) throw new Error('first');
      await sleep(50);
      await ended.put(x);
    };
    assert.match(String(await errorOf(pool.map(task, range(4), { chunksize: 1 }))), /first/);
    assert.equal(ended.qsize(), 3);
  });

  test('test_map_handle_iterable_exception, test_imap_handle_iterable_exception', async () => {
    function* exceptionThrowing(n: number, at: number) {
      for (let i = 0; i < n; i++) {
        if (i === at) throw new Error('Somebody said when');
        yield i;
      }
    }
    for (const at of [0, 1, 9]) {
      assert.match(String(await errorOf(pool.map(sqr, exceptionThrowing(10, at)))), /when/);
      for (const name of ['imap', 'imapUnordered'] as const) {
        const it = pool[name](sqr, exceptionThrowing(10, at));
        const seen = [];
        for (let i = 0; i < at; i++) seen.push((await watched(it.next())).value as number);
        assert.deepEqual(
          seen.sort((a, b) => a - b),
          range(at).map((x) => x * x),
        );
        assert.match(String(await errorOf(it.next())), /when/);
      }
    }
  });

  test('test_async, test_async_timeout', async () => {
    const result = pool.applyAsync(sqr, [7, 100]);
    assert.equal(await watched(result.get()), 49);
    const gate = new Queue<number>();
    const slow = pool.applyAsync(() => gate.get());
    await assert.rejects(slow.get({ timeout: 10 }), TimeoutError);
    gate.putNowait(1);
    assert.equal(await watched(slow.get()), 1);
  });

  test('test_imap, test_imap_unordered', async () => {
    assert.deepEqual(
      await watched(all(pool.imap(sqr, range(10)))),
      range(10).map((x) => x * x),
    );
    const thousand = range(1000).map((x) => x * x);
    assert.deepEqual(await watched(all(pool.imap(sqr, range(1000), { chunksize: 100 }))), thousand);
    for (const chunksize of [1, 100]) {
      const found = await watched(all(pool.imapUnordered(sqr, range(1000), { chunksize })));
      assert.deepEqual(
        found.sort((a, b) => a - b),
        thousand,
      );
    }
  });

  test('test_make_pool', async () => {
    assert.throws(() => new Pool(-1), RangeError);
    assert.throws(() => new Pool(0), RangeError);
    const three = new Pool(3);
    assert.equal(three.size, 3);
    three.close();
    await watched(three.join());
  });

  test('test_terminate, test_empty_iterable', async () => {
    const p = poolOf(4);
    const result = p.mapAsync(() => sleep(1e6), range(10_000), { chunksize: 1 });
    p.terminate();
    await watched(p.join());
    assert((await errorOf(result)) instanceof ClosedError);
    const q = poolOf(1);
    assert.deepEqual(await q.map(sqr, []), []);
    assert.deepEqual(await all(q.imap(sqr, [])), []);
    assert.deepEqual(await all(q.imapUnordered(sqr, [])), []);
    assert.deepEqual(await q.mapAsync(sqr, []).get(), []);
    q.close();
    await watched(q.join());
  });

  test('test_context', async () => {
    let left: Pool;
    {
      await using p = new Pool(2);
      left = p;
      assert.deepEqual(
        await watched(p.mapAsync((x: number) => x * x, range(10)).get()),
        range(10).map((x) => x * x),
      );
    }
    assert.throws(() => left.mapAsync(sqr, range(10)), ClosedError);
  });

  test('test_traceback', async () => {
    const error = (await errorOf(
      pool.apply(function raising() {
        throw new RangeError('some error');
      }),
    )) as Error;
    assert(error instanceof RangeError);
    assert.match(error.stack as string, /raising/);
    assert.match(error.stack as string, /ported-from-cpython\.test/);
  });

  test('test_wrapped_exception', async () => {
    class Odd extends Error {
      readonly b: number;
      constructor(a: number, b: number) {
        super(`${a}, ${b}`);
        this.b = b;
      }
    }
    const error = await errorOf(
      pool.apply(() => {
        throw new Odd(1, 2);
      }),
    );
    assert.match(String(error), /1, 2/);
    assert.equal((error as Odd).b, 2);
  });

  test('test_release_task_refs', async () => {
    const { gc } = globalThis as { gc?: () => void };
    if (gc === undefined) {
      const { setFlagsFromString } = await import('node:v8');
      const { runInNewContext } = await import('node:vm');
      setFlagsFromString('--expose-gc');
      (globalThis as { gc?: () => void }).gc = runInNewContext('gc') as () => void;
    }
    const collect = (globalThis as { gc?: () => void }).gc!;
    const refs: WeakRef<object>[] = [];
    await (async () => {
      const objects = range(10).map((n) => ({ n }));
      for (const object of objects) refs.push(new WeakRef(object));
      assert.equal((await watched(pool.map((o: { n: number }) => o.n, objects))).length, 10);
    })();
    await until(() => {
      collect();
      return refs.every((ref) => ref.deref() === undefined);
    });
  });

  test('test_enter, a pool that is closed cannot be used again', async () => {
    const p = poolOf(1);
    p.terminate();
    await watched(p.join());
    await assert.rejects(p.apply(sqr, [1]), ClosedError);
  });

  test('test_large_pool', async () => {
    const p = poolOf(20);
    const sum = (await watched(p.map((x: number) => x * x, range(1000), { chunksize: 1 }))).reduce((a, b) => a + b);
    assert.equal(sum, 332833500);
    p.close();
    await watched(p.join());
  });

  test('test_pool_in_process', async () => {
    const answers = new Queue<number[]>();
    const p = new Process({
      target: async () => {
        await using inner = new Pool(2);
        await answers.put(await inner.map((x: number) => x * x, [3, 4]));
      },
    });
    p.start();
    assert.deepEqual(await watched(answers.get()), [9, 16]);
    await watched(p.join());
    assert.equal(p.exitCode, 0);
  });
});

describe('_TestPoolWorkerLifetime', () => {
  test('test_pool_worker_lifetime', async () => {
    const p = poolOf({ processes: 3, maxTasksPerChild: 10 });
    const results = range(100).map((i) => p.applyAsync(sqr, [i]));
    for (const [i, result] of results.entries()) assert.equal(await watched(result.get()), i * i);
    assert(p.stats().started >= 10);
    p.close();
    await watched(p.join());
    assert.deepEqual(p.pids, []);
  });

  test('test_pool_worker_lifetime_early_close', async () => {
    const p = poolOf({ processes: 3, maxTasksPerChild: 1 });
    const results = range(6).map((i) => p.applyAsync(sqr, [i, 20]));
    p.close();
    await watched(p.join());
    for (const [i, result] of results.entries()) assert.equal(await result.get(), i * i);
  });

  test('test_pool_maxtasksperchild_invalid', () => {
    for (const wrong of [0, -1, 0.5]) assert.throws(() => new Pool({ maxTasksPerChild: wrong }), RangeError);
    assert.throws(() => new Pool({ maxTasksPerChild: '12' as never }), TypeError);
  });

  test('test_worker_finalization_via_atexit_handler_of_multiprocessing', async () => {
    const told = new Queue<string>();
    const p = poolOf({
      processes: 1,
      initializer: (q: Queue<string>) => void process.once('exit', () => q.putSync('bye')),
      initargs: [told],
    });
    await watched(p.apply(sqr, [1]));
    p.close();
    await watched(p.join());
    assert.equal(told.getNowait(), 'bye');
  });
});
