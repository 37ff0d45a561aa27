import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resourceLimits } from 'node:worker_threads';
import { getContext, PlatformError, type Pool, Process, Queue, ThreadPool } from 'multiproc';
import { poolOf } from '../pool/pools.ts';
import { watched } from '../watchdog.ts';
import { fixture, run } from './program.ts';

const threads = getContext('thread');

describe('execArgv', () => {
  const see = () => process.execArgv.filter((option) => /^--(max-old|no-dep)/.test(option));

  test('execArgv is added to the options of the program', async () => {
    const said = new Queue<string[]>();
    const p = new Process({ target: () => said.put(see()), execArgv: ['--max-old-space-size=99'] });
    p.start();
    const options = await watched(said.get());
    assert.equal(options.at(-1), '--max-old-space-size=99');
    const pool = poolOf({ processes: 1, execArgv: ['--no-deprecation'], env: { OF_THE_POOL: 'yes' } });
    assert.equal((await watched(pool.apply(see))).at(-1), '--no-deprecation');
    assert.equal(await watched(pool.apply(() => process.env.OF_THE_POOL)), 'yes');
  });

  test('execArgv is for processes, and resourceLimits for threads', () => {
    const refused = (make: () => unknown, message: RegExp) =>
      assert.throws(make, (error) => error instanceof PlatformError && message.test(error.message));
    refused(() => new threads.Process({ execArgv: [] } as never), /execArgv.*resourceLimits/);
    refused(() => new ThreadPool({ stdin: 'inherit' } as never), /stdin/);
    refused(() => new Process({ resourceLimits: {}, context: getContext('spawn') } as never), /--max-old-space-size/);
    assert.throws(() => new Process({ execArgv: '--no-warnings' as never }), TypeError);
    assert.throws(() => new Process({ stdin: 'pipe' as never }), RangeError);
    assert.throws(() => poolOf({ env: { A: 1 as never } }), /env.A must be a string/);
  });
});

test('resourceLimits limit a thread', async () => {
  const pool: Pool = new ThreadPool({
    processes: 1,
    resourceLimits: { maxOldGenerationSizeMb: 123 },
    env: { OF: 'it' },
  });
  const see = () => [resourceLimits.maxOldGenerationSizeMb, process.env.OF];
  assert.deepEqual(await watched(pool.apply(see)), [123, 'it']);
  pool.close();
  await watched(pool.join());
});

test('stdin may be that of the program', async () => {
  const { stdout } = await run(fixture('input-inherited'), { input: 'typed' });
  assert.equal(stdout, 'child read "typed"\n');
});
