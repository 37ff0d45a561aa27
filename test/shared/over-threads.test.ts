import { overThreads } from '../cases.ts';

await overThreads(
  {},
  ['shared-value', 'views'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
