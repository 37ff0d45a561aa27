import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe } from 'node:test';
import { currentTask, getContext, platformInfo, Queue, TimeoutError } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { errorOf, poolOf } from './pools.ts';

/** What a task says of itself, without the signal, which cannot be sent. */
const about = () => {
  const { id, attempt, fence, host, signal } = currentTask()!;
  return { id, attempt, fence, host, isAborted: signal.aborted };
};

describe('currentTask', () => {
  test('a task learns its id, attempt, fence and host; outside of tasks there is none', async () => {
    assert.equal(currentTask(), undefined);
    for (const context of [getContext(), getContext('thread')]) {
      await using pool = new context.Pool(1);
      const [first, second] = [await pool.apply(about), await pool.apply(about)];
      assert.notEqual(first.id, second.id);
      assert.deepEqual([first.attempt, first.host, first.isAborted], [1, hostname(), false]);
      assert.equal(first.fence & 0xffffn, 1n);
      assert(second.fence > first.fence);
    }
  });

  test('each attempt of a task has its id, and a greater fence', async () => {
    const pool = poolOf(1);
    const seen = new Queue<ReturnType<typeof about>>();
    const fail = (tell: typeof about) => {
      seen.putSync(tell());
      throw new RangeError('again');
    };
    await errorOf(pool.apply(fail, [about], { retries: 2 }));
    const [one, two, three] = [await seen.get(), await seen.get(), await seen.get()];
    assert.deepEqual([one.attempt, two.attempt, three.attempt], [1, 2, 3]);
    assert.deepEqual(new Set([one.id, two.id, three.id]).size, 1);
    assert(one.fence < two.fence && two.fence < three.fence);
  });

  test('an initializer is no task, and what a task has left behind is not taken for the next one', async () => {
    const found = new Queue<string>();
    const pool = poolOf({
      processes: 1,
      initializer: () => found.putSync(typeof currentTask()),
    });
    const leave = () => {
      setTimeout(() => found.putSync(`after ${typeof currentTask()}`), 0);
    };
    await pool.apply(leave);
    assert.equal(await watched(found.get()), 'undefined');
    assert.equal(await watched(found.get()), 'after undefined');
  });

  test('each of several tasks that one worker has in hand sees itself', async () => {
    const pool = poolOf({ processes: 1, concurrency: 3 });
    const gate = new Queue<number>();
    const both = async () => {
      const before = currentTask()!.id;
      await gate.get();
      return [before, currentTask()!.id];
    };
    const tasks = [pool.apply(both), pool.apply(both), pool.apply(both)];
    for (let i = 0; i < 3; i++) await gate.put(i);
    const pairs = await watched(Promise.all(tasks));
    for (const [before, after] of pairs) assert.equal(before, after);
    assert.equal(new Set(pairs.map(([id]) => id)).size, 3);
  });

  // A worker thread is ended at once.
  test('the signal is aborted when the task is stopped, and the task has time to clean up', {
    skip: !platformInfo().processes,
  }, async () => {
    const pool = poolOf(1);
    const said = new Queue<string>();
    const work = async () => {
      const { signal } = currentTask()!;
      said.putSync('begun');
      // A worker that nothing will wake ends.
      setInterval(() => {}, 1000);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      said.putSync('cleaned up');
    };
    const stop = new AbortController();
    const error = errorOf(pool.apply(work, [], { signal: stop.signal }));
    assert.equal(await watched(said.get()), 'begun');
    stop.abort(new TimeoutError('for a test'));
    assert((await error) instanceof TimeoutError);
    assert.equal(await watched(said.get()), 'cleaned up');
  });
});
