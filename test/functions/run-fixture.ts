/** Runs a program that says what it prints in comments: `// → …`; of errors and refusals, how they begin. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the programs are. */
export const fixtures = resolve('test/functions/fixtures');

/** Runs Node with these arguments, and compares what it prints with the comments in `file`. */
export function runFixture(file: string, args: readonly string[] = [file], input = ''): void {
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: fixtures,
    input,
    timeout: 120_000,
  });
  const expected = expectedOf(readFileSync(resolve(fixtures, file), 'utf8'));
  assert.deepEqual(linesOf(stdout, expected), expected, stderr);
}

/** What a text says that it prints. */
export function expectedOf(text: string): string[] {
  const said = text.replaceAll('HERE', fixtures).matchAll(/\/\/ → ((?:(?!\/\/ → ).)*)/g);
  return [...said].map(([, line = '']) => line.trim());
}

/** What was printed: of a refusal and of an error, as much as is expected of them. */
export function linesOf(output: string, expected: readonly string[]): string[] {
  // Of an error, its message and the first place of its stack.
  const joined = output.replace(/^(threw .*)\n {4}at (?:.* \()?([^\s)]*)\)?\n(?: {4}at .*\n)*/gm, '$1 at $2\n');
  const lines = joined.split('\n').filter((line) => line !== '' && !line.startsWith('    at '));
  return lines.map((line, i) => {
    if (!/^(refused|threw)/.test(line)) return line;
    return line.replace(/: Cannot send .*?: /, ': ').slice(0, expected[i]?.length ?? line.length);
  });
}
