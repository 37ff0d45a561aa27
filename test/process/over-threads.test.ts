import { overThreads } from '../cases.ts';

const once = 'a program in TypeScript is the same to threads; the entry script of a subclass shows it';
const detached = 'a thread cannot be detached';
const ownSignal = 'a signal that a thread sends to its process ends all of it';
const ownOptions = 'a thread has the options of its process, and is ended by Node';
const ownPid = 'it looks at the process of the child, which is that of the test';

await overThreads(
  import.meta.url,
  ['lifecycle', 'ending', 'errors', 'subclass', 'names', 'output', 'entry', 'parent-death'],
  {
    'join resolves only when the process has ended': ownPid,
    'joinSync shows pid and exit code without a turn of the event loop, and leaves no zombie': ownPid,
    'the exit code is -N for signal N': ownSignal,
    'joinSync leaves the exit code that join leaves': ownSignal,
    'a target may handle signals': 'a thread has no signals: it is ended at once',
    'an uncaught error of TypeScript shows the line as it was written (sync)': once,
    'an uncaught error of TypeScript shows the line as it was written (async)': once,
    'an uncaught error of TypeScript shows the line as it was written (timer)': once,
    'an uncaught error of TypeScript shows the line as it was written (rejection)': once,
    'a process that ends is no zombie, though nobody joins it': ownPid,
    'the same holds where Node itself ends the process, because it must write something': ownOptions,
    'what NODE_OPTIONS asks Node to write at its end is written, also at process.exit()': ownOptions,
    'a process ends by itself while a compilation in the background awaits a collection': ownOptions,
    'a process ends by process.exit() while a compilation in the background awaits a collection': ownOptions,
    'terminate ends what a busy process has started': ownPid,
    'a process sees its own pid, its parent, and the rest of the main process’s arguments': ownPid,
    'standard input of a process is empty, and the parent’s stays untouched':
      'the descriptor is that of the process; process.stdin of a thread is empty',
    'in a worker thread processes start, answer, and are joined with and without an event loop': ownPid,
    'processes of a worker thread end with their thread, though the program goes on': ownPid,
    'of a chain, all below a link that is killed end; those above go on': ownPid,
    'spares end with the program, killed or not': 'there are no spare threads',
    'detached processes outlive their parent, and see its end (process.exit)': detached,
    'detached processes outlive their parent, and see its end (SIGKILL)': detached,
    'detached processes outlive their parent, and see its end (uncaught error)': detached,
    'detached processes are waited for by a program that ends by itself': detached,
  },
);
