import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe } from 'node:test';
import { Queue } from 'multiproc';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { here } from '../here.ts';
import { run, until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { errorOf, poolOf } from './pools.ts';

const fixture = (name: string): string => resolve(`build/test/pool/fixtures/${name}.js`);

/** A finalizer that takes its time, and says in which worker it was. */
function speaking(said: Queue<string>): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await said.put(`finalizer of ${here()}`);
  };
}

describe('a finalizer is awaited before a worker leaves', () => {
  test('a finalizer is awaited when the pool is closed', async () => {
    const said = new Queue<string>();
    const pool = poolOf({ processes: 1, finalizer: speaking(said) });
    const where = await watched(pool.apply(here));
    assert.equal(said.qsize(), 0);
    pool.close();
    await watched(pool.join());
    assert.deepEqual(await said.getMany(9), [`finalizer of ${where}`]);
  });

  test('a finalizer is awaited after maxTasksPerChild tasks', async () => {
    const said = new Queue<string>();
    const pool = poolOf({ processes: 1, maxTasksPerChild: 1, finalizer: speaking(said) });
    const where = [await watched(pool.apply(here)), await watched(pool.apply(here))];
    pool.close();
    await watched(pool.join());
    // The second one may be quicker.
    assert.deepEqual((await said.getMany(9)).sort(), where.map((worker) => `finalizer of ${worker}`).sort());
  });

  test('a finalizer is awaited when a task was stopped, if it begins within a second', async () => {
    const said = new Queue<string>();
    const pool = poolOf({ processes: 1, finalizer: speaking(said) });
    const abort = new AbortController();
    const task = async () => {
      await said.put(`${here()}`);
      await new Promise((resolve) => setTimeout(resolve, 1e6));
    };
    const outcome = errorOf(pool.apply(task, [], { signal: abort.signal }));
    const where = await watched(said.get());
    // What comes from others it drops.
    process.kill(pool.pids[0]!, 'SIGTERM');
    abort.abort('stop');
    assert.equal(await outcome, 'stop');
    assert.equal(await watched(said.get()), `finalizer of ${where}`);
  });

  test('an error of a finalizer is printed', async () => {
    const { code, stdout, stderr } = await run(fixture('finalizer-throws'));
    assert.deepEqual([code, stdout], [0, 'joined 0 lost\n']);
    assert.match(stderr, /is ended by an uncaught error:\nError: from the finalizer/);
  });
});

test('terminate and a crash call no finalizer', async () => {
  const said = new Queue<string>();
  const pool = poolOf({ processes: 1, finalizer: speaking(said) });
  await watched(pool.apply(here));
  pool.terminate();
  await watched(pool.join());
  const broken = poolOf({
    processes: 1,
    initializer: () => {
      throw new Error('from the initializer');
    },
    finalizer: speaking(said),
  });
  await errorOf(broken.apply(here));
  broken.close();
  await watched(broken.join());
  assert.equal(said.qsize(), 0);
});

test('handlers of beforeExit and exit run after the finalizer, and the work that they begin is done', async () => {
  const said = new Queue<string>();
  const initializer = () => {
    // It would keep an event loop alive.
    setInterval(() => {}, 1e6);
    process.once('beforeExit', () => {
      said.putSync('beforeExit');
      setTimeout(() => said.putSync('what it began'), 20);
    });
    process.once('exit', () => said.putSync('exit'));
  };
  const pool = poolOf({ processes: 1, initializer, finalizer: () => said.put('finalizer') });
  await watched(pool.apply(here));
  pool.close();
  await watched(pool.join());
  assert.deepEqual(await said.getMany(9), ['finalizer', 'beforeExit', 'what it began', 'exit']);
});

describe('a program that ends by itself, and has not closed or not joined its pool', () => {
  test('a program that ends by itself lets its workers end in order', async () => {
    for (const args of [[], ['close']]) {
      const { code, stdout, stderr } = await run(fixture('ends-by-itself'), { args });
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(stdout.trim().split('\n').sort(), [
        ...['exit', 'exit', 'finalizer', 'finalizer'],
        ...['main beforeExit 1', 'main beforeExit 2', 'main exit'],
      ]);
    }
  });

  test('a program that ends by itself does not wait for workers that have not begun', async () => {
    const { code, stdout, stderr } = await run(fixture('ends-while-workers-boot'));
    assert.deepEqual([code, stdout, stderr], [0, '[]\n', '']);
  });

  test('beforeExit handlers may use the pool again, with new workers', async () => {
    const { code, stdout, stderr } = await run(fixture('goes-on-at-its-end'));
    assert.deepEqual([code, stdout, stderr], [0, '2 4\n', '']);
  });

  test('a program that ends by itself has the coverage and the profiles of its workers', async () => {
    const folder = folderWith();
    await run(fixture('ends-by-itself'), {
      env: { NODE_V8_COVERAGE: `${folder}/coverage` },
      execArgv: ['--cpu-prof', `--cpu-prof-dir=${folder}/profiles`],
    });
    // The main process, and both workers; spares may come on top.
    for (const what of ['coverage', 'profiles']) {
      await until(() => readdirSync(`${folder}/${what}`).length >= 3);
    }
  });
});
