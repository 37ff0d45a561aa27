import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { start } from '../process/program.ts';

test('a wait for which there is no place in line is refused, and leaves nothing behind', async () => {
  const { stdout, code } = await start(resolve('build/test/sync/fixtures/full-heap.js')).ended;
  assert.equal(stdout, 'HeapLimitError true\n');
  assert.equal(code, 0);
});
