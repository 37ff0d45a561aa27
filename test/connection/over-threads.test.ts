import { platformInfo } from 'multiproc';
import { overThreads } from '../cases.ts';

// Without the system's processes no socket travels.
const names = platformInfo().platform === 'portable' ? ['wait'] : ['travel', 'wait'];

await overThreads(
  {},
  names.map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
