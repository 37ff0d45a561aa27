import { overThreads } from '../cases.ts';

const names = ['answers', 'containers', 'custom', 'far', 'life', 'locks', 'names', 'ported-from-cpython', 'references'];
const serverAsProcess = 'the case ends the process of the server by a signal of its own, which would be the program';

await overThreads(
  {
    'lives in the server; its methods answer with promises': 'the id of the process is that of the program',
    'its server ends with exit code 0, and ignores Ctrl-C while it serves': serverAsProcess,
    'outlives its manager while a proxy exists, and ends when none exists':
      'the case asks the system whether the process of the server runs',
    'is gone when any call of shutdown() is answered': 'the case asks the system for the process of the server',
    'that is killed before it began rejects the calls': serverAsProcess,
    'that is killed while it imports what it needs rejects the calls': serverAsProcess,
    'that is killed: calls that wait and later ones get an EndOfStreamError, here and in another process':
      serverAsProcess,
  },
  names.map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
