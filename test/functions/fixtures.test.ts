import { test } from 'node:test';
import { runFixture } from './run-fixture.ts';

const values = [
  'closures',
  'shared-variable',
  'closures-of-one-call',
  'classes',
  'instances',
  'methods',
  'extras',
  'special-values',
  'contexts',
  'registered-class',
];
const modules = [
  'here',
  'exports',
  'live-imports',
  'lone',
  'own-exports',
  'async-export',
  'evaluating',
  'refused',
  'stack',
  'grandchild',
];
for (const name of [...values, ...modules, 'test-runner']) test(`${name}.mjs`, () => runFixture(`${name}.mjs`));
for (const name of ['commonjs', 'es5']) test(`${name}.cjs`, () => runFixture(`${name}.cjs`));
