import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { clearInterval } from '../engine/builtins.ts';
import { type Waitable, waitables } from '../sync/waitable.ts';
import { awaitEvent } from '../waits/await-event.ts';
import { soon } from '../waits/loop-turn.ts';
import { keepAlive } from '../waits/timer.ts';

/**
 * Waits until one or more of the objects are ready. Resolves to the ready objects, in the given order, or to an empty list after the
 * time-out. A connection is ready when it has a message or its other end is gone; a queue when `get` would not wait; a process's
 * `sentinel` when the process has ended. Nothing is taken: if other processes use an object too, it may not be ready any more when you
 * use it.
 *
 * @example
 * import { Queue, pipe } from 'multiproc';
 * import { wait } from 'multiproc/connection';
 * import assert from 'node:assert';
 *
 * const [a, b] = pipe();
 * const queue = new Queue<number>();
 * await b.send('something');
 * assert.deepEqual(await wait([queue, a]), [a]);
 * assert.deepEqual(await wait([queue], { timeout: 10 }), []);
 */
export async function wait<W extends Waitable>(objects: Iterable<W>, options?: WaitOptions): Promise<W[]> {
  const all = waitables(objects, 'objects');
  const timeout = readTimeout(options);
  options?.signal?.throwIfAborted();
  const ready = all.filter((object) => object.isReady());
  if (ready.length > 0 || all.length === 0 || timeout === 0) return soon(Promise.resolve(ready));
  const stops: (() => void)[] = [];
  // The objects, such as the sentinel of a daemon, may not keep the program alive by themselves.
  const alive = keepAlive();
  try {
    await awaitEvent((done) => {
      for (const object of all) stops.push(object.onReady(done));
    }, options);
  } finally {
    clearInterval(alive);
    for (const stop of stops) stop();
  }
  return all.filter((object) => object.isReady());
}
