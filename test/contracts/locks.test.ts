import { after } from 'node:test';
import { BoundedSemaphore, Condition, Lock, RLock, Semaphore } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { type LockLike, lockSuite, releaseSuite } from './lock-suite.ts';

const manager = new Manager();
after(() => manager.shutdown());

const makers: Record<string, () => LockLike> = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  'Semaphore(1)': () => new Semaphore(1),
  'BoundedSemaphore(1)': () => new BoundedSemaphore(1),
  Condition: () => new Condition(),
  'Condition of a Lock': () => new Condition(new Lock()),
  'manager.lock()': () => manager.lock(),
  'manager.rlock()': () => manager.rlock(),
  'manager.semaphore(1)': () => manager.semaphore(1),
  'manager.boundedSemaphore(1)': () => manager.boundedSemaphore(1),
  'manager.condition()': () => manager.condition(),
  'manager.condition(manager.lock())': () => manager.condition(manager.lock()),
};

for (const [name, make] of Object.entries(makers)) {
  lockSuite(name, make);
  // One unit more is what it is for.
  if (!/^(?:Semaphore|manager\.semaphore)/.test(name)) releaseSuite(name, make);
}
