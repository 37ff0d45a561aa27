import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(
  new URL(import.meta.url.includes('/build/test/') ? '../../src/' : '../src/', import.meta.url),
);

/** How often each label stands in the files of src/ with this ending. */
function labels(ending: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith(ending)) continue;
    for (const [, label] of readFileSync(src + name, 'utf8').matchAll(/SYNC\(([a-z-]+)\)/g)) {
      found.set(label as string, (found.get(label as string) ?? 0) + 1);
    }
  }
  return found;
}

test('each release of shared memory names its acquire, and a README beside the code says what they are', () => {
  const [inCode, inReadmes] = [labels('.ts'), labels('README.md')];
  assert.ok(inCode.size > 15, `${inCode.size} labels`);
  const oneEnded = [...inCode].filter(([, ends]) => ends < 2).map(([label]) => label);
  assert.deepEqual(oneEnded, [], 'labels with one end');
  assert.deepEqual(
    [...inCode.keys()].filter((label) => !inReadmes.has(label)).sort(),
    [],
    'labels that no README explains',
  );
  assert.deepEqual(
    [...inReadmes.keys()].filter((label) => !inCode.has(label)).sort(),
    [],
    'labels that are not in the code',
  );
});
