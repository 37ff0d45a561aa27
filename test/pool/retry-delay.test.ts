import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Queue } from 'multiproc';
import { retryDelayOf } from '#dist/contracts/retry-delay.js';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { errorOf, poolOf } from './pools.ts';

/** Fails each time, and tells when it began. */
const failing = (times: Queue<number>) => {
  times.putSync(performance.timeOrigin + performance.now());
  throw new RangeError('again');
};

describe('retryDelay', () => {
  test('a task waits before each of its attempts, longer each time', async () => {
    const pool = poolOf(1);
    const times = new Queue<number>();
    const error = await errorOf(pool.apply(failing, [times], { retries: 2, retryDelay: { delay: 40, factor: 2 } }));
    assert(error instanceof RangeError);
    const [one, two, three] = [times.getNowait(), times.getNowait(), times.getNowait()];
    assert(two - one >= 39, `${two - one}`);
    assert(three - two >= 79, `${three - two}`);
    assert.equal(times.empty(), true);
  });

  test('while a task waits for its next attempt, the worker runs other tasks, and the task counts as outstanding', async () => {
    const pool = poolOf(1);
    const times = new Queue<number>();
    const stop = new AbortController();
    const error = errorOf(pool.apply(failing, [times], { retries: 1, retryDelay: 1e9, signal: stop.signal }));
    await watched(times.get());
    assert.equal(await watched(pool.apply((n: number) => n + 1, [1])), 2);
    assert.equal(pool.stats().outstanding, 1);
    stop.abort(new TypeError('enough'));
    assert((await error) instanceof TypeError);
    assert.equal(pool.stats().outstanding, 0);
  });

  test('a blocked thread runs the task again, too, and terminate() ends one that waits', async () => {
    const pool = poolOf(1);
    const times = new Queue<number>();
    assert.throws(() => pool.applySync(failing, [times], { retries: 1, retryDelay: 30 }), RangeError);
    assert.equal(times.qsize(), 2);
    const error = errorOf(pool.apply(failing, [times], { retries: 1, retryDelay: 1e9 }));
    for (let i = 0; i < 3; i++) await watched(times.get());
    pool.terminate();
    assert.match(String(await error), /ClosedError/);
  });

  test('delays between attempts grow by the factor, and jitter takes at most its part off', () => {
    assert.deepEqual(
      [1, 2, 3].map((tried) => retryDelayOf(10, tried)),
      [10, 10, 10],
    );
    assert.deepEqual(
      [1, 2, 3].map((tried) => retryDelayOf({ delay: 10 }, tried)),
      [10, 20, 40],
    );
    assert.deepEqual(
      [1, 2, 3].map((tried) => retryDelayOf({ delay: 10, factor: 1 }, tried)),
      [10, 10, 10],
    );
    for (let i = 0; i < 100; i++) {
      const delay = retryDelayOf({ delay: 10, factor: 3, jitter: 0.5 }, 2);
      assert(delay > 15 && delay <= 30, `${delay}`);
    }
    assert.equal(retryDelayOf(undefined, 1), 0);
  });

  test('a retryDelay that makes no sense is refused', async () => {
    const pool = poolOf(1);
    for (const retryDelay of [
      '1s',
      -1,
      Number.NaN,
      {},
      { delay: 1, jitter: 2 },
      { delay: 1, wait: 2 },
      { delay: -1 },
    ]) {
      const error = await errorOf(pool.apply(() => 1, [], { retries: 1, retryDelay: retryDelay as never }));
      assert(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, /retryDelay/);
    }
  });
});
