// The article's programs on two hosts print what they print elsewhere.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { skip } from './redis-server.ts';

test('9: a writer and a reader on hosts without a copy of the program', { skip, timeout: 120_000 }, async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['build/examples/9-several-machines.js']);
  assert.equal(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, -1), [
    ...['A', 'B', 'C'].map((value) => `Put ${value} to queue...`),
    ...['A', 'B', 'C'].map((value) => `Get ${value} from queue.`),
    '',
  ]);
  assert.match(lines.at(-1)!, /^All data was written and read. Four tasks ran on [12] hosts.$/);
});
