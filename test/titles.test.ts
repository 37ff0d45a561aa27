// A test that fails is shown without the `describe` around it: its title must name its subject. CONTRIBUTING.md has the rule.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../test/' : './', import.meta.url));

/** How a title begins that goes on with the title above it. */
const fragment =
  /^(the same|and|or|nor|so|then|also|too|it|its|they|their|those|one that|is|are|has|have|does|do|may|that|which|who)\b/i;

function fragmentsOf(source: string): string[] {
  const titles = [...source.matchAll(/\btest\(\s*(['"`])((?:(?!\1).)+)\1/g)].map((match) => match[2]!);
  return titles.filter((title) => fragment.test(title) || !/\s|\$\{/.test(title));
}

test('a title that is a fragment is found', () => {
  const source = "test('the same, blocked', f); test('a lock is free', f); test('nor a queue', f); test('strings', f);";
  assert.deepEqual(fragmentsOf(source), ['the same, blocked', 'nor a queue', 'strings']);
});

test('every title names its subject', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  // Those that CPython has keep its names.
  const ours = files.filter((name) => /\.test\.ts$|-suite\.ts$/.test(name) && !/ported-|^titles/.test(name));
  const found = ours.flatMap((name) =>
    fragmentsOf(readFileSync(folder + name, 'utf8')).map((title) => `${name}: ${title}`),
  );
  assert.deepEqual(found, []);
});
