// Compiled, never run: what the contracts take, and what they refuse.
import {
  type AnyLock,
  type AnyQueue,
  BoundedSemaphore,
  Condition,
  Event,
  JoinableQueue,
  Lock,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
} from 'multiproc';
import { Manager } from 'multiproc/managers';
import { LifoQueue, Queue as LocalQueue, PriorityQueue } from 'multiproc/queue';

const manager = new Manager();

/** A function that takes a queue takes a queue of any kind. */
export async function work(queue: AnyQueue<string>): Promise<string> {
  await queue.put('a');
  if (await queue.full()) await queue.shutdown({ immediate: undefined });
  for await (const item of queue) item.trim();
  return await queue.getNowait();
}
work(new Queue<string>());
work(new JoinableQueue<string>());
work(new LocalQueue<string>());
work(new LifoQueue<string>());
work(new PriorityQueue<string>());
work(manager.queue<string>());
work(manager.joinableQueue<string>());
// @ts-expect-error items of another type come out
work(new Queue<number>());
// @ts-expect-error as above
work(manager.queue<number>());
// @ts-expect-error it has no bound and no end
work(new SimpleQueue<string>());

/** A function that takes a lock takes a lock of any kind. */
export async function guarded(lock: AnyLock): Promise<number> {
  if (!(await lock.tryAcquire())) await lock.acquire({ timeout: 5 });
  await lock.release();
  using _ = await lock.guard();
  return lock.with(() => 5);
}
const locks: AnyLock[] = [new Lock(), new RLock(), new Semaphore(), new BoundedSemaphore(), new Condition()];
const served: AnyLock[] = [manager.lock(), manager.rlock(), manager.semaphore(), manager.condition()];
for (const lock of [...locks, ...served]) guarded(lock);
// @ts-expect-error an event is no lock
guarded(new Event());
