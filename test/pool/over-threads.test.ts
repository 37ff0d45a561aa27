import { overThreads } from '../cases.ts';

const ownSignal = 'a signal that a task sends to its process ends all of it';
const noProgram = 'a thread needs no program';
const ownProgram = 'it starts programs of its own, which is not about workers';

await overThreads(
  {
    'so is one that is killed': ownSignal,
    SIGKILL: ownSignal,
    SIGHUP: ownSignal,
    'an abort': 'process.abort() is refused in a thread, by Node',
    'too little memory': 'the option that limits the memory is for a process',
    'are killed and replaced, all at once, before they ever worked, and again and again': ownSignal,
    'one that is killed while the others work costs nothing': ownSignal,
    'asks the worker to end before it ends it, and replaces it meanwhile': 'a thread has no signals',
    'runs no other function, in a worker that listens to SIGTERM': 'a thread has no signals',
    'when it listens to SIGTERM and cleans up': 'a thread has no signals',
    'a worker that is stopped while it tries again and again for a task stops nobody else': ownSignal,
    'are replaced until one lives': ownSignal,
    'are replaced also while their owner blocks': ownSignal,
    'break the pool if it is a crash, again and again': ownSignal,
    'for a while: the pool tries again': noProgram,
    'at all: every call that answers a result or a promise rejects through it': noProgram,
    'with 10,000 long tasks waiting: all reject, no worker is left': 'it looks for processes',
    'that forgets its pool ends with its own exit code': ownProgram,
    'says at its end which errors nobody has looked at': ownProgram,
    'is told of an error as soon as nobody can look at it any more': ownProgram,
    'is not told of errors that somebody looks at later': ownProgram,
    'does not keep the errors that nobody looks at, but for some': ownProgram,
    'is told of a callback that throws, and the pool goes on': ownProgram,
    'that nests pools too deeply gets a clear error': ownProgram,
    'that is ended by SIGKILL leaves no worker behind, busy, idle or nested': ownProgram,
    'that is ended by SIGTERM leaves no worker behind, busy, idle or nested': ownProgram,
    'terminate ends what tasks have started, too': 'it looks for processes',
    'whose pools have nothing to do ends at the first Ctrl-C': ownProgram,
    'after one Ctrl-C finishes its tasks and ends with 130': ownProgram,
    'after a second one ends at once': ownProgram,
  },
  [
    'batches',
    'callers-context',
    'condemned',
    'descendants',
    'ending',
    'failing-tasks',
    'iterations',
    'setbacks',
    'stopped-workers',
    'task-options',
    'worker-index',
    'wrapped',
  ].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
