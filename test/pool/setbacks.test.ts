import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Pool, PoolBrokenError, ProcessError, SharedValue, setSpareProcesses } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

/** Workers that end before they take a task, or cannot be started at all. */

describe('workers that are killed while they boot', () => {
  /** A pool of one worker, of which the first `deaths` are ended by this signal before their first task. */
  function poolWhoseWorkersDie(deaths: number, signal: NodeJS.Signals): { pool: Pool; starts: SharedValue<'int32'> } {
    const starts = new SharedValue('int32', 0);
    const initializer = (starts: SharedValue<'int32'>) => {
      if (starts.add(1) <= deaths) process.kill(process.pid, signal);
    };
    return { pool: poolOf({ processes: 1, initializer, initargs: [starts] }), starts };
  }

  test('workers that are killed while they boot are replaced until one lives', async () => {
    const { pool, starts } = poolWhoseWorkersDie(6, 'SIGKILL');
    assert.equal(await watched(pool.apply((n: number) => n, [7])), 7);
    assert.deepEqual([starts.value, pool.stats().lost], [7, 6]);
  });

  test('workers that are killed while they boot are replaced also while their owner blocks', () => {
    const { pool } = poolWhoseWorkersDie(6, 'SIGHUP');
    assert.equal(
      pool.applySync((n: number) => n, [7]),
      7,
    );
  });

  test('workers that are killed while they boot break the pool if it is a crash, again and again', async () => {
    const { pool, starts } = poolWhoseWorkersDie(Number.POSITIVE_INFINITY, 'SIGSEGV');
    const error = (await errorOf(pool.apply(() => 0))) as PoolBrokenError;
    assert(error instanceof PoolBrokenError);
    assert.match(error.message, /ended by SIGSEGV/);
    assert.equal(starts.value, 5);
  });
});

describe('workers that cannot be started', () => {
  const { execPath } = process;

  /** Runs `act` while Node cannot be found, for this many starts. */
  async function withoutNode(starts: number, act: () => Promise<void>): Promise<void> {
    setSpareProcesses(0);
    let left = starts;
    // A start that fails reads it twice.
    const get = () => (left-- > 0 ? '/no/such/node' : execPath);
    Object.defineProperty(process, 'execPath', { configurable: true, get });
    try {
      await act();
    } finally {
      Object.defineProperty(process, 'execPath', { configurable: true, value: execPath, writable: true });
      setSpareProcesses(2);
    }
  }

  test('workers that cannot be started for a while are tried again', async () => {
    await withoutNode(6, async () => {
      const pool = poolOf(1);
      await lives(pool);
      assert.equal(pool.stats().started, 1);
    });
    await withoutNode(6, async () => assert.equal(poolOf(1).applySync(Math.max, [1, 2]), 2));
  });

  test('a pool whose workers cannot be started at all rejects every call that gives a result or a promise', async () => {
    await withoutNode(Number.POSITIVE_INFINITY, async () => {
      const pool = poolOf(1);
      const same = <T>(x: T): T => x;
      for (const call of [
        () => pool.applyAsync(same, [1]),
        () => pool.applyAsync(same, [1]),
        () => pool.apply(same, [1]),
        () => pool.mapAsync(same, [1]),
        () => pool.mapAsync(same, []),
        () => pool.starmapAsync(same, [[1]]),
        () => pool.map(same, [1]),
        () => pool.starmap(same, [[1]]),
        () => pool.mapChunks((chunk: number[]) => chunk, [1]),
        () => pool.wrap(same)(1),
        () => pool.imap(same, [1]).next(),
        () => pool.imapUnordered(same, [1]).next(),
      ]) {
        const error = await errorOf(call() as PromiseLike<unknown>);
        assert(error instanceof ProcessError, String(error));
        assert.match(error.message, /refused to run \/no\/such\/node/);
      }
      assert.throws(() => pool.applySync(same, [1]), ProcessError);
      pool.close();
      await watched(pool.join());
    });
  });
});
