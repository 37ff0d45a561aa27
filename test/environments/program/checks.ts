/** The seven checks that every environment is tried with. */
import { strict as assert } from 'node:assert';
import { appendFileSync } from 'node:fs';
import { Lock, Pool, Process, Queue, SharedValue } from 'multiproc';
import { Counter, factor, fails, square } from './lib';

export const checks = {
  async closure(): Promise<void> {
    const base = 10;
    await withPool(async (pool) => assert.deepEqual([...(await pool.map((n) => n + base, [1, 2]))], [11, 12]));
  },

  async imported(): Promise<void> {
    await withPool(async (pool) => assert.deepEqual([...(await pool.map(square, [1, 2, 3]))], [1, 4, 9]));
  },

  async captured(): Promise<void> {
    const task = (): number => {
      const counter = new Counter();
      counter.add();
      return counter.add() * factor + square(3);
    };
    await withPool(async (pool) => assert.equal(await pool.apply(task), 37));
  },

  async queue(): Promise<void> {
    const results = new Queue<number>();
    const lock = new Lock();
    const total = new SharedValue('int32', 0);
    const work = async (n: number): Promise<void> => {
      await lock.with(() => {
        total.value += n;
      });
      await results.put(n);
    };
    const processes = [1, 2].map((n) => new Process({ target: work, args: [n] }));
    for (const process of processes) process.start();
    for (const process of processes) await process.join();
    assert.equal((await results.get()) + (await results.get()), 3);
    assert.equal(total.value, 3);
    for (const object of [results, lock, total]) object.close();
  },

  /** Its class, and the line of the source that threw it: `lib.ts:22` (a later column where a minifier has left out `new`), and this file's for one that is thrown here. */
  async error(): Promise<void> {
    await withPool(async (pool) => {
      const imported = await pool.apply(fails).then(assert.fail, (error: Error) => error);
      assert.equal(imported.name, 'RangeError');
      assert.equal(imported.message, 'thrown by lib.ts');
      assert.match(String(imported.stack), /lib\.[a-z]+(\?\w+)?:22:(9|13)\)?$/m);
      const inside = (): never => {
        throw new TypeError('thrown here');
      };
      const local = await pool.apply(inside).then(assert.fail, (error: Error) => error);
      assert.match(String(local.stack), /checks\.[a-z]+(\?\w+)?:52:(15|19)\)?$/m);
    });
  },

  async sync(): Promise<void> {
    const numbers = new Queue<number>();
    const doubled = new Queue<number>();
    const double = (): void => doubled.putSync(numbers.getSync() * 2);
    const child = new Process({ target: double });
    child.start();
    numbers.putSync(21);
    assert.equal(doubled.getSync({ timeout: 60_000 }), 42);
    await child.join();
    assert.equal(child.exitCode, 0);
    for (const queue of [numbers, doubled]) queue.close();
  },

  async import(): Promise<void> {
    const task = async (): Promise<number> => (await import('./extra.mjs')).cube(3);
    await withPool(async (pool) => assert.equal(await pool.apply(task), 27));
  },
};

export type Check = keyof typeof checks;
export const names = Object.keys(checks) as Check[];

/** Runs a check, and writes down what came of it, with what was special. */
export async function record(name: Check, special = ''): Promise<void> {
  let outcome = 'ok';
  try {
    await checks[name]();
  } catch (error) {
    outcome = String(error instanceof Object && 'stack' in error ? error.stack : error);
  }
  appendFileSync(process.env.CHECKS_OUT as string, `${JSON.stringify([`${name} ${special}`.trim(), outcome])}\n`);
}

async function withPool(use: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = new Pool(1);
  try {
    await use(pool);
  } finally {
    pool.terminate();
    await pool.join();
  }
}
