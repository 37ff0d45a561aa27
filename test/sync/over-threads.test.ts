import { overThreads } from '../cases.ts';

await overThreads(
  {},
  ['kills', 'kills-of-primitives'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
