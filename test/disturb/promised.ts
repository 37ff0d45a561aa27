import assert from 'node:assert/strict';
import { after } from 'node:test';
import { places } from './places.ts';
import { readPage } from './reliability-page.ts';

/** The points that this program's victims have passed. */
export const reached = new Set<number>();

const program = /\/test\/([\w/-]+)\.test\.js$/.exec(process.argv[1] ?? '')?.[1];
const isWhole =
  process.env.TEST_DISTURB === undefined && !process.execArgv.some((option) => /^--test-(name|skip|only)/.test(option));

// What docs/reliability.md says that this program tests, it has come to.
after(() => {
  if (!isWhole) return;
  const names = new Set([...reached].map((point) => `${places[point]!.file} ${places[point]!.in}`));
  const promised = readPage().filter(({ test }) => test === program);
  const missing = promised.flatMap(({ file, functions }) =>
    functions.map((name) => `${file} ${name}`).filter((name) => !names.has(name)),
  );
  assert.deepEqual(missing, [], 'docs/reliability.md says that this program comes to these points');
});
