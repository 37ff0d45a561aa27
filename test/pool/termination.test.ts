import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Queue } from 'multiproc';
import { watched } from '../watchdog.ts';
import { errorOf, lives, poolOf } from './pools.ts';

/** SIGTERM that does not come from the pool: systemd, `timeout` and supervisors send it to all processes of a program. */

test('a program that wants to finish does so with its workers, though all get SIGTERM', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const file = resolve('build/test/pool/fixtures/finishes-on-sigterm.js');
  const child = spawn(process.execPath, [file], { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    if (text.includes('started')) process.kill(-child.pid!, 'SIGTERM');
  });
  const code = await watched(new Promise((resolve) => child.once('close', resolve)), child.pid, () =>
    process.kill(-child.pid!, 'SIGKILL'),
  );
  assert.deepEqual([stdout, stderr, code], ['started\nresults: 1 2 3\n', '', 0]);
});

test('an idle worker drops SIGTERM, also after a task that listened to it for a while', async () => {
  const pool = poolOf(1);
  await lives(pool);
  const { pids } = pool;
  const listens = async () => {
    const heard = new Promise((resolve) => process.once('SIGTERM', resolve));
    const alive = setInterval(() => {}, 1e6);
    process.kill(process.pid, 'SIGTERM');
    await heard;
    clearInterval(alive);
  };
  for (const task of [() => {}, listens]) {
    await watched(pool.apply(task));
    process.kill(pids[0]!, 'SIGTERM');
    await lives(pool);
    assert.deepEqual(pool.pids, pids);
  }
});

test('a worker whose task was stopped ends at once, though it drops what others send', async () => {
  const pool = poolOf(1);
  const started = new Queue<number>();
  const abort = new AbortController();
  const busy = errorOf(
    pool.apply(
      () => {
        started.putSync(process.pid);
        for (;;);
      },
      [],
      { signal: abort.signal },
    ),
  );
  process.kill(await watched(started.get()), 'SIGTERM');
  abort.abort('stop');
  assert.equal(await busy, 'stop');
  await lives(pool);
  pool.close();
  await watched(pool.join());
});
