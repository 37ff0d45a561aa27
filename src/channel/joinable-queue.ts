import { StateError, TimeoutError } from '../contracts/errors.ts';
import { isImmediate, type NameOption, type SyncWaitOptions, type WaitOptions } from '../contracts/options.ts';
import type { ShutdownOptions } from '../contracts/queue.ts';
import { wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { closedError, type Existing, locate } from '../memory/shared-object.ts';
import { needMuchStack } from '../memory/stack-room.ts';
import { WaitList } from '../sync/wait-list.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { NOT_YET, type NotYet } from '../waits/attempt.ts';
import { bufferLayout, destroyBuffer } from './bounded-buffer.ts';
import { Queue } from './queue.ts';

/** Words of a joinable queue, after those of every queue. */
const field = {
  /**
   * The number of items that are done, without those that an immediate shutdown drops. Wraps as the ring's counts do. Every member that
   * calls `taskDone` writes it, by one atomic operation.
   */
  done: bufferLayout.at.own,
  joiners: bufferLayout.at.ownLine,
} as const;

defineKind(kinds.JOINABLE_QUEUE, {
  make: () => JoinableQueue,
  destroy: (family, offset) => {
    new WaitList(family, offset + field.joiners * 4).destroy();
    destroyBuffer(family, offset);
  },
});

/**
 * A `Queue` that counts finished items. A consumer calls `taskDone()` after the work on an item, and `join()` waits until every item that
 * was put is done. If a consumer is killed before that, its item is never done: where consumers may die, give `join` a time-out, or use a
 * `Pool`, which reports the lost task.
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

  /** `maxsize` is the largest number of items in the queue; no bound if it is missing or below 1. A fraction or NaN throws a `RangeError`. */
  constructor(maxsize?: number, options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(maxsize?: number | Existing, options?: NameOption) {
    super(maxsize, options, kinds.JOINABLE_QUEUE);
    const { family, offset } = locate(this);
    this.#words = family.heap.words(offset);
    this.#done = wordIndex(offset) + field.done;
    this.#joiners = new WaitQueue(family, offset + field.joiners * 4, { isReady: () => this.#unfinished() === 0 });
  }

  /** Marks an item that was taken out as done. Throws a `StateError` if it is called more often than items were put. */
  taskDone(): void {
    const { ring } = this;
    // The change below cannot be undone, so there must be enough stack to wake the waiters after it.
    needMuchStack();
    for (;;) {
      const done = Atomics.load(this.#words, this.#done);
      if (((ring.countPut - done) | 0) <= 0)
        throw new StateError('taskDone() was called more often than items were put.');
      // SYNC(done): a member that finds all items done sees what was written before.
      if (Atomics.compareExchange(this.#words, this.#done, done, (done + 1) | 0) === done) break;
    }
    if (this.#joiners.list.hasWaiting && this.#unfinished() === 0) this.#joiners.list.notifyAll();
  }

  /** Waits until every item, including items put during the wait, is done. Rejects with a `TimeoutError` after the time-out. */
  join(options?: WaitOptions): Promise<void> {
    try {
      this.assertOpen();
      return this.#joiners.wait<void>(this.#attempt, options, this.#expire);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Blocks the thread until every item is done. Throws a `TimeoutError` after the time-out. */
  joinSync(options?: SyncWaitOptions): void {
    this.assertOpen();
    this.#joiners.waitSync<void>(this.#attempt, options, this.#expire);
  }

  /**
   * Ends the input in all processes: `put` fails with `ShutDown`, and so does `get` once the queue is empty. `immediate` drops the items
   * in the queue and counts them as done. May be repeated.
   */
  override shutdown(options?: ShutdownOptions): void {
    this.ring.shutdown(isImmediate(options));
    this.wakeAll();
    if (this.#unfinished() === 0) this.#joiners.list.notifyAll();
  }

  /** Ends the use of the queue in this process: waits of this thread reject with a `ClosedError`. The items stay in the queue for other processes. */
  override close(): void {
    this.#joiners.close(closedError(this));
    super.close();
  }

  #unfinished(): number {
    // SYNC(done): sees what was written before. Reads `done` before `countPut`, so that every item counted as done is counted as put.
    const done = Atomics.load(this.#words, this.#done);
    return Math.max(0, (this.ring.countPut - done) | 0);
  }

  readonly #attempt = (): undefined | NotYet => (this.#unfinished() === 0 ? undefined : NOT_YET);

  readonly #expire = (): never => {
    throw new TimeoutError(`${this.#unfinished()} items of this JoinableQueue are not done yet.`);
  };
}
