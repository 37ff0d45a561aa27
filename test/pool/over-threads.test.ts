import { overThreads } from '../cases.ts';

const ownSignal = 'a signal that a task sends to its process ends all of it';
const noProgram = 'a thread needs no program';
const noDescendants = 'only the system knows what a thread has started by child_process';
const ownProgram = 'it starts programs of its own, which is not about workers';

await overThreads(
  {
    'a worker that is killed during applySync is noticed without a turn of the event loop': ownSignal,
    'a task rejects that ends its worker by SIGKILL': ownSignal,
    'a task rejects that ends its worker by SIGHUP': ownSignal,
    'a task rejects that ends its worker by an abort': 'process.abort() is refused in a thread, by Node',
    'a worker that has too little memory is lost, and the pool goes on':
      'the option that limits the memory is for a process',
    'idle workers that are killed are replaced, all at once, before they ever worked, and again and again': ownSignal,
    'an idle worker that is killed while the others work costs nothing': ownSignal,
    'a time-out sends SIGTERM before SIGKILL, and replaces the worker meanwhile': 'a thread has no signals',
    'the aborted task runs no other function, in a worker that listens to SIGTERM': 'a thread has no signals',
    'a stopped task that listens to SIGTERM and cleans up rejects': 'a thread has no signals',
    'a worker that is stopped while it tries again and again for a task stops nobody else': ownSignal,
    'workers that are killed while they boot are replaced until one lives': ownSignal,
    'workers that are killed while they boot are replaced also while their owner blocks': ownSignal,
    'workers that are killed while they boot break the pool if it is a crash, again and again': ownSignal,
    'workers that cannot be started for a while are tried again': noProgram,
    'a pool whose workers cannot be started at all rejects every call that gives a result or a promise': noProgram,
    'terminate with 10,000 long tasks waiting rejects all, and leaves no worker': 'it looks for processes',
    'a program that forgets its pool ends with its own exit code': ownProgram,
    'a program prints at its end the errors that were never read': ownProgram,
    'a program that joins a terminated pool, or terminates a joined one, goes on afterwards': ownProgram,
    'a program prints an error as soon as it cannot be read any more': ownProgram,
    'an error that is read later is not printed': ownProgram,
    'only the first unread errors are kept': ownProgram,
    'a callback that throws becomes a warning, and the pool goes on': ownProgram,
    'pools that are nested too deeply get a clear error': ownProgram,
    'a program that is ended by SIGKILL leaves no worker behind, busy, idle or nested': ownProgram,
    'a program that is ended by SIGTERM leaves no worker behind, busy, idle or nested': ownProgram,
    'terminate also ends the processes that tasks have started': 'it looks for processes',
    'a program whose pools have no tasks ends at the first Ctrl-C': ownProgram,
    'after one Ctrl-C a program finishes its tasks and ends with 130': ownProgram,
    'after a second Ctrl-C a program ends at once': ownProgram,
    'a finalizer is awaited when a task was stopped, if it begins within a second': 'a thread has no signals',
    'an error of a finalizer is printed': ownProgram,
    'a program that ends by itself lets its workers end in order': ownProgram,
    'a program that ends by itself does not wait for workers that have not begun': ownProgram,
    'beforeExit handlers may use the pool again, with new workers': ownProgram,
    'a program that ends by itself has the coverage and the profiles of its workers': ownProgram,
  },
  [
    'batches',
    'callers-context',
    'condemned',
    'descendants',
    'ending',
    'failing-tasks',
    'finalizer',
    'iterations',
    'registered-classes',
    'setbacks',
    'stopped-workers',
    'task-options',
    'worker-index',
    'wrapped',
  ].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
  {
    'a program that a task has started ends when the task is stopped': noDescendants,
    'a program that a task has started ends when the pool is terminated': noDescendants,
  },
);
