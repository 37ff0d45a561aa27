import { overThreads } from '../cases.ts';

await overThreads(
  {},
  ['disturbed-queue', 'disturbed-barrier'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
