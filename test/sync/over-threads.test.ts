import { overThreads } from '../cases.ts';

const stopped = 'a thread cannot be stopped: SIGSTOP stops all of its process';
const slain = 'a thread cannot kill itself: SIGKILL ends all of its process';

await overThreads(
  import.meta.url,
  ['kills', 'kills-of-primitives', 'lock', 'rlock', 'semaphore', 'condition', 'event', 'stuck-waiters'],
  {
    'the death of one that was handed the lock passes it on': stopped,
    'an owner that is stopped keeps the lock until it goes on': stopped,
    'waiters that are killed or stopped hold up nobody': stopped,
    'a wait that ends just when it is notified passes the notification on': stopped,
    'a unit kept for a waiter that is stopped is for the others': stopped,
    'a lock that is kept for a waiter that does not come, by an owner that is dead, is for those who only try': slain,
    'a unit that is kept for a waiter that does not come, by an owner that is dead, is for those who only try': slain,
  },
);
