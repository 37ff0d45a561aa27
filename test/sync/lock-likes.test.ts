import { BoundedSemaphore, Condition, Lock, RLock, Semaphore } from 'multiproc';
import { type LockLike, lockSuite, releaseSuite } from './lock-suite.ts';

const makers: Record<string, () => LockLike> = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  'Semaphore(1)': () => new Semaphore(1),
  'BoundedSemaphore(1)': () => new BoundedSemaphore(1),
  Condition: () => new Condition(),
  'Condition of a Lock': () => new Condition(new Lock()),
};

for (const [name, make] of Object.entries(makers)) {
  lockSuite(name, make);
  // One unit more is what it is for.
  if (name !== 'Semaphore(1)') releaseSuite(name, make);
}
