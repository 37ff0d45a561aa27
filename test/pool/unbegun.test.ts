// A pool that is closed with nothing left to do does not wait for workers that are still starting.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { Pool, setSpareProcesses } from 'multiproc';
import { folderWith } from '../folder.ts';

let folder: string;
beforeEach(() => {
  setSpareProcesses(0);
  folder = folderWith();
});

/** Of two workers with this environment, one starts at once, the other when there is a file `go`. */
function oneIsSlow(): Record<string, string> {
  const program = join(folder, 'start.cjs');
  writeFileSync(
    program,
    `const fs = require('node:fs');
    const folder = ${JSON.stringify(folder)};
    try {
      fs.mkdirSync(folder + '/first');
    } catch {
      while (!fs.existsSync(folder + '/go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }`,
  );
  return { NODE_OPTIONS: `--require ${program}` };
}

test('workers that have not begun are ended', { timeout: 60_000 }, async () => {
  const pool = new Pool({ processes: 2, env: oneIsSlow() });
  const results = await Promise.all([1, 2].map((n) => pool.apply((n: number) => n, [n])));
  assert.deepEqual(results, [1, 2]);
  pool.close();
  await pool.join();
  assert.equal(existsSync(join(folder, 'go')), false);
});

test('an initializer runs in each worker, also if no task reaches it', { timeout: 60_000 }, async () => {
  const begun = join(folder, 'begun');
  const initializer = (file: string): void => appendFileSync(file, 'begun\n');
  const pool = new Pool({ processes: 2, initializer, initargs: [begun], env: oneIsSlow() });
  await Promise.all([1, 2].map((n) => pool.apply((n: number) => n, [n])));
  pool.close();
  writeFileSync(join(folder, 'go'), '');
  await pool.join();
  assert.equal(readFileSync(begun, 'utf8'), 'begun\nbegun\n');
});
