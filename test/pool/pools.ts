import assert from 'node:assert/strict';
import { after } from 'node:test';
import { Pool } from 'multiproc';
import { watched } from '../watchdog.ts';

const pools: Pool[] = [];
after(() => {
  for (const pool of pools) pool.terminate();
});

/** A pool that ends with the tests of the file. */
export function poolOf(options: ConstructorParameters<typeof Pool>[0]): Pool {
  const pool = new Pool(options);
  pools.push(pool);
  return pool;
}

/** What a task rejects with. */
export const errorOf = (task: PromiseLike<unknown>): Promise<unknown> =>
  watched(
    Promise.resolve(task).then(
      (value) => assert.fail(`It resolved with ${value}`),
      (error) => error,
    ),
  );

/** A task in the pool still runs. */
export const lives = async (pool: Pool): Promise<void> =>
  assert.equal(await watched(pool.apply((a: number) => a + 1, [1])), 2);

/** All that an iteration gives. */
export async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}
