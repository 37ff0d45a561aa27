import { overThreads } from '../cases.ts';

const once = 'a program in TypeScript is the same to threads; the entry script of a subclass shows it';
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
  },
  ['lifecycle', 'errors', 'subclass'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
