// How many files of src/ a call passes: scripts/route.mjs says what is counted.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('a call passes few files', { timeout: 120_000 }, () => {
  let counted: string;
  before(() => {
    counted = execFileSync(process.execPath, ['scripts/route.mjs'], { cwd: root, encoding: 'utf8' });
  });
  const filesOf = (call: string): number => Number(new RegExp(`^${call}: (\\d+) files`, 'm').exec(counted)?.[1]);

  test('a put of a small integer passes through at most 8 of 12 files until it wakes the getter, and enters none of them twice', () => {
    assert.ok(filesOf('put') <= 12, counted);
    assert.ok(Number(/^put: .* passes through (\d+) of them/m.exec(counted)?.[1]) <= 8, counted);
    assert.match(counted, /entered twice: none/);
  });

  test('an apply passes at most 12 files of pool/', () => {
    assert.ok(filesOf('apply') <= 12, counted);
  });
});
