// Closures that are made for one task each, and large data around tasks: what is kept, and what is sent again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { poolOf } from './pools.ts';

const MB = 2 ** 20;
const rounds = process.env.TEST_LONG ? 25_000 : 1000;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes of the family's heap that are resident here. */
const shared = () => Number(/^RssShmem:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024;

/** Bytes that a worker has in its JavaScript heap and in array buffers. */
const ofWorker = async () => {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect = process.getBuiltinModule('node:vm').runInNewContext('gc');
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

describe('a closure for each task', () => {
  test('a closure for each task gives back what it captured when it is done, without the garbage collector', async () => {
    const pool = poolOf(1);
    const length = (image: Uint8Array) => pool.apply(() => image.length);
    const once = async (n: number) => {
      for (let i = 0; i < n; i++) assert.equal(await watched(length(new Uint8Array(4 * MB).fill(i))), 4 * MB);
    };
    await once(5);
    const before = { shared: shared(), worker: await pool.apply(ofWorker) };
    await once(40);
    assert.ok(shared() - before.shared < 32 * MB, `${(shared() - before.shared) / MB} MB more of shared memory`);
    const worker = await pool.apply(ofWorker);
    assert.ok(worker - before.worker < 32 * MB, `${(worker - before.worker) / MB} MB more in the worker`);
  });

  test('a closure for each task leaves owner, heap and workers as they were, however many', async () => {
    const pool = poolOf(1);
    const run = (id: number, body: string) => pool.apply(() => body.length + id);
    const round = async () => {
      for (let i = 0; i < rounds; i += 50) {
        const tasks = Array.from({ length: 50 }, (_, k) => run(i + k, 'x'.repeat(2000)));
        await watched(Promise.all(tasks));
      }
      await new Promise((resolve) => setImmediate(resolve));
      gc();
      return [process.memoryUsage().heapUsed, shared(), await pool.apply(ofWorker)];
    };
    await round();
    const before = await round();
    await round();
    const after = await round();
    for (const [i, of] of ['the owner', 'shared memory', 'the worker'].entries()) {
      const more = after[i]! - before[i]!;
      assert.ok(more < 4 * MB, `${more / MB} MB more in ${of} after ${2 * rounds} closures`);
    }
  });
});

const table = new Float64Array(2 * MB);
const at = (i: number) => table[i];

describe('large data that tasks capture', () => {
  test('large data that tasks capture is copied again only when it has changed', async () => {
    const pool = poolOf(1);
    assert.equal(await watched(pool.apply(at, [1])), 0);
    table[1] = 5;
    assert.equal(await watched(pool.apply(at, [1])), 5);
    await pool.apply(() => {
      table[2] = 8;
    });
    assert.equal(await pool.apply(at, [2]), 8, 'what the worker has made of it stays');
    const local = new Float64Array(2 * MB);
    const first = (i: number) => {
      local[i] = local[i]! + 1;
      return local[i];
    };
    assert.deepEqual([await pool.apply(first, [0]), await pool.apply(first, [0])], [1, 2]);
    local[0] = 10;
    assert.equal(await pool.apply(first, [0]), 11);
  });

  test('large data that tasks capture is worth a warning where it is encoded for each task', async () => {
    const pool = poolOf(1);
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    const records = Array.from({ length: 200_000 }, (_, id) => ({ id, name: `record number ${id}` }));
    function named(i: number) {
      return records[i]?.name;
    }
    for (let i = 0; i < 5; i++) assert.equal(await watched(pool.apply(named, [i])), `record number ${i}`);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /function named captures records, which takes \d+ MB .* share\(\).*SharedArray/);
  });
});
