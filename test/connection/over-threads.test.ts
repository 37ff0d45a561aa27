import { overThreads } from '../cases.ts';

await overThreads(
  {},
  ['travel', 'wait'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
