import { overThreads } from '../cases.ts';

const stopped = 'a thread cannot be stopped: SIGSTOP stops all of its process';

await overThreads(
  {
    'the death of one that was handed the lock passes it on': stopped,
    'an owner that is stopped keeps the lock until it goes on': stopped,
  },
  ['kills', 'kills-of-primitives'].map((name) => new URL(`./${name}.test.js`, import.meta.url)),
);
