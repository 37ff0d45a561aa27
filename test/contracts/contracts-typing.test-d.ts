// Compiled, never run: what the contracts take, and what they refuse.
import {
  type AnyConnection,
  type AnyLock,
  type AnyPool,
  type AnyQueue,
  BoundedSemaphore,
  Condition,
  Event,
  JoinableQueue,
  Lock,
  Pool,
  pipe,
  Queue,
  RLock,
  Semaphore,
  SimpleQueue,
  ThreadPool,
} from 'multiproc';
import { connect } from 'multiproc/connection';
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

/** A function that takes a pool takes a pool of any kind. */
export async function spread(pool: AnyPool): Promise<string[]> {
  const stop = new AbortController();
  const lengths: number[] = await pool.map((text: string) => text.length, ['a'], { signal: stop.signal, chunksize: 1 });
  const sums: number[] = await pool.mapChunks((part, start) => part.length + start, new Float64Array(4));
  for await (const x of await pool.imap((n: number) => n, sums)) x.toFixed();
  // @ts-expect-error the function takes a number
  await pool.apply((n: number) => n, ['1']);
  // @ts-expect-error a callback does not travel to a server
  await pool.map((n: number) => n, [1], { onProgress: () => {} });
  await pool.terminate();
  return await pool.map(async (n) => String(n), lengths);
}
for (const pool of [new Pool(), new ThreadPool(), manager.pool()]) spread(pool);
// @ts-expect-error a queue is no pool
spread(new Queue());

/** A function that takes a connection takes a connection of any kind. */
export async function echo(connection: AnyConnection<string>): Promise<string> {
  for await (const text of connection) await connection.send(text.trim());
  return connection.recv({ timeout: undefined });
}
echo(pipe()[0]);
connect('localhost:1').then(echo);
