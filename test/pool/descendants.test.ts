import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Queue } from 'multiproc';
import { test } from '../cases.ts';
import { runs, until } from '../process/program.ts';
import { startedBy, type Way, ways } from '../process/spawning.ts';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

for (const way of Object.keys(ways) as Way[]) {
  describe(`what a task has started by ${way} ends`, () => {
    test('a program that a task has started ends when the task is stopped', async () => {
      const pool = poolOf(1);
      const abort = new AbortController();
      let outcome: Promise<unknown> | undefined;
      const pid = await startedBy((pids, file) => {
        outcome = errorOf(pool.apply(ways[way], [pids, file], { signal: abort.signal }));
      }, new Queue<number>());
      abort.abort('for a test');
      assert.equal(await outcome, 'for a test');
      await until(() => !runs(pid));
      await lives(pool);
    });

    test('a program that a task has started ends when the pool is terminated', async () => {
      const pool = poolOf(1);
      const pid = await startedBy((pids, file) => {
        pool.apply(ways[way], [pids, file]).catch(() => {});
      }, new Queue<number>());
      pool.terminate();
      await until(() => !runs(pid));
      await watched(pool.join());
    });
  });
}
