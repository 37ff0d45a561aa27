import { overThreads } from '../cases.ts';

await overThreads(
  {},
  ['disturbed-lock', 'disturbed-primitives'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
