import type { Queue } from 'multiproc';

/** What others do while a member is stopped: each tries what can be tried, gives up in time, is aborted, and is done with the object. */

interface Wait {
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Tries twice, once until the time is over and once until it is aborted; says how often it came to something. */
async function tryTwice(attempt: (wait: Wait) => Promise<unknown>): Promise<number> {
  let successes = 0;
  for (const wait of [{ timeout: 1 }, { signal: AbortSignal.timeout(2) }]) {
    const success = await attempt(wait).catch(() => false);
    if (success !== false) successes++;
  }
  return successes;
}

/** Whom it gets, it puts back at the end. */
export async function tryToGet(queue: Queue<unknown>): Promise<void> {
  const got: unknown[] = [];
  await tryTwice(async (wait) => got.push(await queue.get(wait)));
  for (const item of got) await queue.put(item);
  queue.close();
}

/** Puts `third` where there is room. */
export async function tryToPut(queue: Queue<unknown>): Promise<void> {
  await tryTwice((wait) => queue.put('third', wait));
  queue.close();
}

interface LockLike {
  acquire(wait: Wait): Promise<boolean>;
  tryAcquire(): boolean;
  release(): void;
  close(): void;
}

/** Releases what it gets, but for the last time: it ends with that. */
export async function tryToAcquire(lock: LockLike): Promise<void> {
  for (let times = await tryTwice((wait) => lock.acquire(wait)); times > 0; times--) lock.release();
  if (!lock.tryAcquire()) lock.close();
}

interface EventLike {
  wait(wait: Wait): Promise<boolean>;
  close(): void;
}

/** Waits for the event. */
export async function tryToNotice(event: EventLike): Promise<void> {
  await tryTwice((wait) => event.wait(wait));
  event.close();
}
