import { overThreads } from '../cases.ts';

const once = 'a program in TypeScript is the same to threads; the entry script of a subclass shows it';
const detached = 'a thread cannot be detached';
const ownPid = 'it looks at the process of the child, which is that of the test';

await overThreads(
  {
    'join resolves only when the process has ended': ownPid,
    'joinSync shows pid and exit code without a turn of the event loop, and leaves no zombie': ownPid,
    '-N for signal N': 'a signal that a thread sends to its process ends all of it',
    'the same from joinSync': 'the same',
    'a target may handle them': 'a thread has no signals: it is ended at once',
    'the same from TypeScript, with the line as it was written (sync)': once,
    'the same from TypeScript, with the line as it was written (async)': once,
    'the same from TypeScript, with the line as it was written (timer)': once,
    'the same from TypeScript, with the line as it was written (rejection)': once,
    'one that ends is no zombie, though nobody joins it': ownPid,
    'terminate ends what a busy process has started': ownPid,
    'inside a process: its own pid, its parent, and the rest of the main process’s arguments': ownPid,
    'standard input of a process is empty, and the parent’s stays untouched':
      'the descriptor is that of the process; process.stdin of a thread is empty',
    'processes start, answer, and are joined with and without an event loop': ownPid,
    'they end with their thread, though the program goes on': ownPid,
    'of a chain, all below a link that is killed end; those above go on': ownPid,
    'spares end with the program, killed or not': 'there are no spare threads',
    'outlive their parent, and see its end (process.exit)': detached,
    'outlive their parent, and see its end (SIGKILL)': detached,
    'outlive their parent, and see its end (uncaught error)': detached,
    'are waited for by a program that ends by itself': detached,
  },
  ['lifecycle', 'ending', 'errors', 'subclass', 'names', 'output', 'entry', 'parent-death'].map(
    (name) => new URL(`./${name}.test.js`, import.meta.url),
  ),
);
