import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool, Queue, WorkerLostError } from 'multiproc';
import { armHere, disarmHere } from '../disturb/arm-here.ts';
import type { Cell } from '../disturb/cell.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { forEachOrder } from '../disturb/each-order.ts';
import type { Order } from '../disturb/order.ts';
import { usualWays } from '../disturb/plan.ts';
import { lookAfter } from '../disturb/stopper.ts';
import { isWithoutOrphans, until } from '../inside.ts';

/** Workers share it, so it goes beside the function. */
const factor = { by: 2 };
const double = (n: number) => n * factor.by;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('disturbed anywhere, the owner of a pool gets every result right or an error, and leaves no worker behind', async () => {
  const count = await disturbEverywhere(
    async (results: Queue<unknown>) => {
      await using pool = new Pool(2);
      await results.put(await pool.map(double, [1, 2, 3]));
      await assert.rejects(pool.apply(sleep, [1e6], { timeout: 20 }));
      await assert.rejects(pool.apply(double, [1], { signal: AbortSignal.abort(new Error('no')) }));
    },
    () => [new Queue<unknown>()],
    async ({ isDead, threw }, results) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      if (!isDead && threw.length === 0) assert.equal(results.qsize(), 1);
      while (!results.empty()) assert.deepEqual(results.getSync(), [2, 4, 6]);
      await until(isWithoutOrphans);
    },
    { meanwhile: (results) => void results.qsize() },
  );
  assert.ok(count >= 50, `${count} points`);
});

/** Runs tasks in a pool whose first worker has an order that begins with the end of its first task. */
async function disturbWorker(order: Order, cell: Cell, size: number): Promise<void> {
  await using pool = new Pool(size);
  // It may be the last thing that the worker does.
  await pool.apply(armHere, [cell.path, order]).catch((error) => assert.ok(error instanceof WorkerLostError));
  const tasks = [1, 2, 3].map((n) => pool.apply(double, [n], { retries: 3 }));
  assert.deepEqual(await Promise.all(tasks), [2, 4, 6]);
  if (order.way === 'count') await pool.apply(disarmHere);
  await assert.rejects(pool.apply(sleep, [1e6], { timeout: 50 }));
  assert.equal(await pool.apply(double, [21], { retries: 3 }), 42);
}

for (const size of [1, 2]) {
  test(`disturbed anywhere between tasks, one of ${size} workers loses none and gives none twice`, async () => {
    const count = await forEachOrder(`worker of ${size}`, usualWays, async (order, cell) => {
      const isOver = order.way === 'stop' ? lookAfter(cell) : undefined;
      // Only of one worker it is known which task comes to it.
      await disturbWorker(order, cell, order.way === 'count' ? 1 : size);
      cell.set('over', 1);
      await isOver;
    });
    assert.ok(count >= 10, `${count} points`);
  });
}
