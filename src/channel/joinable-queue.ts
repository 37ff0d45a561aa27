import type { ShutdownOptions } from '../contracts/queue.ts';
import { StateError, TimeoutError } from '../errors.ts';
import { registerDestroyer } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { closedError, type Existing, locate } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { isImmediate, type SyncWaitOptions, type WaitOptions } from '../options.ts';
import { NOT_YET, type NotYet } from '../sync/spinner.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { announceToAll } from './announce.ts';
import { destroyBuffer, OWN_WORDS } from './bounded-buffer.ts';
import { Queue } from './queue.ts';

/** The number of this kind among shared objects. */
export const JOINABLE_QUEUE_KIND = 4;

/** Words of a joinable queue, beside those of every queue. */
const field = {
  /** How many items are done, not counting those that an immediate shutdown throws away; wraps as the ring's counts do. Each change is one atomic operation. */
  done: 2,
  joiners: OWN_WORDS,
} as const;

registerDestroyer(JOINABLE_QUEUE_KIND, (family, offset) => {
  new WaitQueue(family, offset + field.joiners * 4, { isReady: () => false }).destroy();
  destroyBuffer(family, offset);
});

/**
 * A `Queue` that knows which items are done: whoever took one calls `taskDone()` after the work, and `join()` waits until
 * every item that was put is done. An item whose consumer is killed before that stays unfinished: give `join` a time-out where
 * consumers may die, or use a `Pool`, which knows which task was lost.
 *
 * @example
 * import { JoinableQueue, Process } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const jobs = new JoinableQueue<number>();
 * const p = new Process({
 *   target: async () => {
 *     for await (const job of jobs) {
 *       console.log(`job ${job}`);
 *       jobs.taskDone();
 *     }
 *   },
 * });
 * p.start();
 * await jobs.putMany([1, 2, 3]);
 * await jobs.join();
 * assert.equal(jobs.empty(), true);
 * jobs.shutdown();
 * await p.join();
 */
export class JoinableQueue<T> extends Queue<T> {
  readonly #words: Int32Array;
  readonly #done: number;
  readonly #joiners: WaitQueue;

  /** `maxsize` is the most items that it may hold; missing or below 1: no bound. */
  constructor(maxsize?: number);
  /** @internal */
  constructor(existing: Existing);
  constructor(maxsize?: number | Existing) {
    super(maxsize, JOINABLE_QUEUE_KIND);
    const { family, offset } = locate(this);
    this.#words = family.heap.words(offset);
    this.#done = wordIndex(offset) + field.done;
    this.#joiners = new WaitQueue(family, offset + field.joiners * 4, { isReady: () => this.#unfinished === 0 });
  }

  /** Says that the work on an item taken earlier is complete; a `StateError` if said more often than items were put. */
  taskDone(): void {
    const { ring } = this;
    // What is done cannot be taken back: room to wake who waits for it.
    needMuchStack();
    for (;;) {
      const done = Atomics.load(this.#words, this.#done);
      if (((ring.countPut - done) | 0) <= 0)
        throw new StateError('taskDone() was called more often than items were put.');
      // SYNC(done): who finds all done sees what was written before.
      if (Atomics.compareExchange(this.#words, this.#done, done, (done + 1) | 0) === done) break;
    }
    if (this.#joiners.hasWaiting && this.#unfinished === 0) announceToAll(this.#joiners);
  }

  /** Waits until every item put so far, and those put meanwhile, is done; a `TimeoutError` when the time is over. */
  join(options?: WaitOptions): Promise<void> {
    try {
      this.assertOpen();
      return this.#joiners.wait<void>(this.#attempt, options, this.#expire);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until every item put is done; throws a `TimeoutError` when the time is over. */
  joinSync(options?: SyncWaitOptions): void {
    this.assertOpen();
    this.#joiners.waitSync<void>(this.#attempt, options, this.#expire);
  }

  /**
   * Lets nothing in any more, in all processes: `put` fails with `ShutDown`, `get` gives what is inside and then fails with it too.
   * `immediate` throws away what is inside, and these items count as done. May be repeated.
   */
  override shutdown(options?: ShutdownOptions): void {
    this.ring.shutdown(isImmediate(options));
    this.wakeAll();
    if (this.#unfinished === 0) this.#joiners.notifyAll();
  }

  /** Lets go of the queue in this process; waits of this thread end with a `ClosedError`. What is inside stays for the others. */
  override close(): void {
    this.#joiners.close(closedError(this));
    super.close();
  }

  get #unfinished(): number {
    // SYNC(done): sees what was written before. First what is done, then what was put, so that an item that is done was put.
    const done = Atomics.load(this.#words, this.#done);
    return Math.max(0, (this.ring.countPut - done) | 0);
  }

  readonly #attempt = (): undefined | NotYet => (this.#unfinished === 0 ? undefined : NOT_YET);

  readonly #expire = (): never => {
    throw new TimeoutError(`${this.#unfinished} items of this JoinableQueue are not done yet.`);
  };
}
