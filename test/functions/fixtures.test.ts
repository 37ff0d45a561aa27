import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const here = resolve('test/functions/fixtures');

/** A fixture says what it prints, line by line, in comments: `// → …`; of errors and refusals, how they begin. */
function expectedOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll('HERE', here);
  return [...text.matchAll(/\/\/ → ((?:(?!\/\/ → ).)*)/g)].map(([, line = '']) => line.trim());
}

function shorten(output: string): string[] {
  // Of an error: its message and the first place of its stack.
  const joined = output.replace(/^(threw .*)\n {4}at (?:.* \()?([^\s)]*)\)?\n(?: {4}at .*\n)*/gm, '$1 at $2\n');
  return joined.split('\n').filter((line) => line !== '' && !line.startsWith('    at '));
}

function check(file: string, command: readonly string[]): void {
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', cwd: here });
  const expected = expectedOf(file);
  const printed = shorten(stdout).map((line, i) =>
    /^refused/.test(line) ? shortenRefusal(line, expected[i] ?? '') : line,
  );
  assert.deepEqual(printed, expected, stderr);
}

/** `refused path: Cannot send path: reason.` as `refused path: reason`, as far as the expectation says it. */
function shortenRefusal(line: string, expected: string): string {
  return line.replace(/: Cannot send .*?: /, ': ').slice(0, expected.length);
}

for (const name of ['closures', 'shared-variable', 'classes', 'methods', 'here', 'exports', 'refused', 'stack']) {
  test(`${name}.mjs`, () => check(`${here}/${name}.mjs`, [`${here}/${name}.mjs`]));
}
