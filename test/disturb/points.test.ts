import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { places } from './places.ts';
import { readPage } from './reliability-page.ts';

/** Names that one list has and the other has not. */
function missingIn(list: ReadonlySet<string>, other: Iterable<string>): string[] {
  return [...new Set(other)].filter((name) => !list.has(name)).sort();
}

test('docs/reliability.md names every function with points, each once, and no other', () => {
  const inCode = new Set(places.map((place) => `${place.file} ${place.in}`));
  const onPage = readPage().flatMap(({ file, functions }) => functions.map((name) => `${file} ${name}`));
  assert.deepEqual(missingIn(new Set(onPage), inCode), [], 'points in the code that have no line on the page');
  assert.deepEqual(missingIn(inCode, onPage), [], 'lines on the page whose points are gone');
  assert.equal(new Set(onPage).size, onPage.length, 'some are named twice');
});

test('the tests that it names exist', () => {
  for (const { test } of readPage()) {
    if (test === undefined) continue;
    assert.match(test, /\/disturbed[\w-]*$/);
    assert.ok(existsSync(new URL(`../${test}.test.js`, import.meta.url)), test);
  }
});

test('writes of every kind are found, and calls', () => {
  const kinds = new Set(places.map(({ what }) => what));
  for (const what of ['Atomics.store', 'words[]', 'words.fill()', 'to.set()', 'write', 'openSync', 'spawn', 'kill']) {
    assert.ok(kinds.has(what), what);
  }
});
