import { assertOptions } from '../contracts/options.ts';
import type { ByMethod, OfProcess } from '../process/start-options.ts';
import { Pool } from './pool.ts';
import type { CommonPoolOptions } from './pool-options.ts';

/**
 * A `Pool` whose workers are threads of this process. Threads need less memory than processes. Functions and values are copied to them as
 * to processes. A crash that ends the whole process, for example of an addon, ends all threads. For code that may crash, that changes the
 * working directory or that listens to signals, use a `Pool`.
 *
 * @example
 * import { ThreadPool } from 'multiproc';
 * import assert from 'node:assert';
 *
 * await using pool = new ThreadPool(2);
 * assert.deepEqual(await pool.map((x) => x * x, [1, 2, 3]), [1, 4, 9]);
 * assert.equal(await pool.apply(() => process.pid), process.pid);
 */
export class ThreadPool extends Pool {
  constructor(options: number | (CommonPoolOptions & ByMethod<OfProcess, 'thread'>) = {}) {
    const given = typeof options === 'number' ? { processes: options } : options;
    assertOptions(given, '{ processes: 4 }');
    super({ ...given, context: { getStartMethod: () => 'thread' } });
  }
}
