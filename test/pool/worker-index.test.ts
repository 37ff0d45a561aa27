import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Barrier, currentProcess, Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { here } from '../here.ts';
import { until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { errorOf, poolOf } from './pools.ts';

describe('the index of a worker', () => {
  test('the index of a worker counts from 0, and is taken over by its replacement', async () => {
    const pool = poolOf(3);
    const all = async () => {
      const together = new Barrier(3);
      const task = async () => {
        await together.wait();
        return [currentProcess().index, here()] as const;
      };
      const said = await watched(Promise.all([1, 2, 3].map(() => pool.apply(task))));
      return new Map(said.sort(([a], [b]) => a! - b!));
    };
    const before = await all();
    assert.deepEqual([...before.keys()], [0, 1, 2]);
    const lost = (await errorOf(pool.apply(() => process.exit(currentProcess().index)))) as { exitCode: number };
    const after = await all();
    assert.deepEqual([...after.keys()], [0, 1, 2]);
    for (const [index, worker] of after) {
      if (index === lost.exitCode) assert.notEqual(worker, before.get(index));
      else assert.equal(worker, before.get(index));
    }
  });

  test('the index of a worker is known to one worker at a time, also while the one before it cleans up', async () => {
    const said = new Queue<string>();
    const gate = new Queue<number>();
    const initializer = () => said.put(`${here()} is ${currentProcess().index}`);
    const finalizer = async () => {
      await said.put(`${here()} leaves`);
      await gate.get();
      await said.put(`${here()} has left`);
    };
    const pool = poolOf({ processes: 1, maxTasksPerChild: 1, initializer, finalizer });
    const first = await watched(pool.apply(here));
    const other = pool.apply(here);
    assert.deepEqual([await watched(said.get()), await watched(said.get())], [`${first} is 0`, `${first} leaves`]);
    // The next one is there, without its number.
    await until(() => pool.stats().started === 2);
    gate.putNowait(1);
    const second = await watched(other);
    assert.equal(await watched(said.get()), `${first} has left`);
    assert.equal(await watched(said.get()), `${second} is 0`);
    gate.putNowait(1);
  });

  test('the index of a worker is there for the initializer', async () => {
    const said = new Queue<number>();
    const pool = poolOf({ processes: 1, initializer: () => said.put(currentProcess().index!) });
    await watched(pool.apply(() => {}));
    assert.equal(await watched(said.get()), 0);
  });

  test('the index of a worker is of no other process', async () => {
    assert.equal(currentProcess().index, undefined);
    const said = new Queue<number | undefined>();
    const pool = poolOf(1);
    await watched(
      pool.apply(async () => {
        const inner = new Process({ target: () => said.put(currentProcess().index) });
        inner.start();
        await inner.join();
      }),
    );
    assert.equal(await watched(said.get()), undefined);
  });
});

test('a task wakes, of the workers that sleep, the one that worked last', async () => {
  const pool = poolOf(3);
  const together = new Barrier(3);
  await watched(Promise.all([1, 2, 3].map(() => pool.apply((all: Barrier) => all.wait(), [together]))));
  /** How many of thirty tasks, one after the other, the busiest worker runs. In turn it would be 10 for each. */
  const mostOfOne = async () => {
    const times = new Map<string, number>();
    for (let i = 0; i < 30; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const worker = await watched(pool.apply(here));
      times.set(worker, (times.get(worker) ?? 0) + 1);
    }
    return Math.max(...times.values());
  };
  // On a busy machine the last one does not always fall asleep within the pause: then another one is woken.
  const found: number[] = [];
  while (found.length < 30 && (found.at(-1) ?? 0) <= 15) found.push(await mostOfOne());
  assert.ok(found.at(-1)! > 15, `of thirty tasks in a row the busiest worker ran ${found}`);
});
