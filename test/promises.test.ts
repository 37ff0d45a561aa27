import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url));

/** What docs/promises.md names: a test file without its ending, and a title; `…` is what a template fills in. */
function named(page: string): { file: string; title: string }[] {
  const rows = page.split('\n').filter((line) => line.startsWith('|') && !/^\| (CPython|---)/.test(line));
  return rows.flatMap((row) => {
    const cells = row.split(' | ');
    const shown = cells.at(-1)!.replace(/ \|$/, '').split('<br>');
    return shown.map((entry) => {
      const found = /^`([\w/-]+)`: (.+)$/.exec(entry);
      assert.ok(found, `not a file and a title: ${entry}`);
      return { file: `test/${found[1]}.test.ts`, title: found[2] as string };
    });
  });
}

/** True if the file has a test of this title. */
function has(file: string, title: string): boolean {
  if (!existsSync(root + file)) return false;
  const text = title
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('`', '\\\\?`')
    .replaceAll('…', '\\$\\{.+?\\}');
  return new RegExp(`\\btest\\(\\s*(['"\`])${text}\\1`).test(readFileSync(root + file, 'utf8'));
}

test('every promise of docs/promises.md names tests that exist', () => {
  const all = named(readFileSync(`${root}docs/promises.md`, 'utf8'));
  assert.ok(all.length > 50, String(all.length));
  assert.deepEqual(
    all.filter(({ file, title }) => !has(file, title)),
    [],
  );
});

test('a title that there is not is found out', () => {
  const row =
    '| it hangs | it does not | `pool/ending`: no such test<br>`sync/none`: terminate may be called from a callback |';
  const [first, second] = named(row);
  assert.equal(has(first!.file, first!.title), false);
  assert.equal(has(second!.file, second!.title), false);
  assert.equal(has('test/pool/ending.test.ts', 'terminate may be called from a callback'), true);
});
