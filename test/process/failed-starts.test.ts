import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fixture, run } from './program.ts';

describe('a start that fails leaves nothing', () => {
  test('a start that fails leaves nothing where the family is full, of processes and of threads', async () => {
    const { stdout } = await run(fixture('full-table'));
    const said = ['spawn', 'thread'].flatMap((method) => Array(3).fill(`${method} ERR_PROCESS 0`));
    assert.deepEqual(stdout.trim().split('\n'), said);
  });

  test('a start that fails leaves nothing where descriptors run out, at each step of the start', async () => {
    const command = `ulimit -n 80; exec "${process.execPath}" "${fixture('few-descriptors')}"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 60_000 });
    const said = stdout.trim().split('\n');
    assert.equal(said[0], 'ran 0 0');
    assert.equal(said.at(-1), 'ERR_PLATFORM 0 0');
    for (const line of said) assert.match(line, /^(ran|ERR_PROCESS|ERR_PLATFORM) 0 0$/);
  });
});
