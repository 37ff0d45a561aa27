import assert from 'node:assert/strict';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { poolOf } from './pools.ts';

test("another pool's wrapped function is an argument of a task, and runs in its own pool", async () => {
  const owner = poolOf(1);
  const other = poolOf(1);
  const square = owner.wrap((x: number) => [x * x, process.pid]);
  const [, worker] = (await watched(square(2))) as [number, number];
  const answers = other.apply(async (f: typeof square) => [await f(3), await f(4)], [square]);
  assert.deepEqual(await watched(answers), [
    [9, worker],
    [16, worker],
  ]);
  const fails = owner.wrap(() => {
    throw new TypeError('there');
  });
  const caught = other.apply((f: typeof fails) => f().catch((error: Error) => error.name + error.message), [fails]);
  assert.equal(await watched(caught), 'TypeErrorthere');
});
