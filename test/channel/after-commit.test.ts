import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from '../cases.ts';

/** What the program says, line by line. */
function run(way: string): string[] {
  const path = fileURLToPath(new URL('./fixtures/without-descriptors.js', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [path, way], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  });
  return stdout.trim().split('\n');
}

test('a waiting put that cannot ring the one who waits has put its item, and that one gets it', () => {
  assert.deepEqual(run('put'), ['put', 'got 1']);
});

test('a get that cannot ring the one who waits has its item, and that one puts', () => {
  assert.deepEqual(run('get'), ['got 0', 'put']);
});
