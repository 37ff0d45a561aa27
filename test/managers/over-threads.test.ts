import { overThreads } from '../cases.ts';

const names = ['answers', 'containers', 'custom', 'far', 'life', 'locks', 'names', 'ported-from-cpython', 'references'];
const serverAsProcess = 'the case ends the process of the server by a signal of its own, which would be the program';

await overThreads(import.meta.url, names, {
  'an object of a registered class lives in the server; its methods answer with promises':
    'the id of the process is that of the program',
  'the server of a manager ends with exit code 0, and ignores Ctrl-C while it serves': serverAsProcess,
  'the server of a manager outlives its manager while a proxy exists, and ends when none exists':
    'the case asks the system whether the process of the server runs',
  'the server of a manager is gone when any call of shutdown() is answered':
    'the case asks the system for the process of the server',
  'the server of a manager that is killed before it began rejects the calls': serverAsProcess,
  'the server of a manager that is killed while it imports what it needs rejects the calls': serverAsProcess,
  'the server of a manager that is killed: calls that wait and later ones get an EndOfStreamError, here and in another process':
    serverAsProcess,
});
