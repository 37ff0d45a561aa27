import { platformInfo } from 'multiproc';
import { overThreads } from '../cases.ts';

const anywhere = ['crowds', 'ported-from-cpython', 'socket', 'strangers', 'tls', 'unix-paths', 'wait'];
// Without the system's processes no socket travels.
const names = platformInfo().platform === 'portable' ? anywhere : ['travel', 'wait'];

await overThreads(
  import.meta.url,
  names,
  {},
  {
    'test_ignore: a signal in the middle of blocked calls does no harm':
      'the signal would be for the program, for whose threads Node then ends the inspector',
    ...Object.fromEntries(
      ['tcp', 'tcp by object', 'unix'].map((name) => [
        `a connection over ${name} carries copies of what looks at a SharedArray, small and large`,
        "the view's buffer is the memory of the whole program there, and is refused",
      ]),
    ),
  },
);
