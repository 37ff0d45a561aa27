import { Empty, Full } from '../../errors.ts';
import type { WaitOptions } from '../../options.ts';
import type { Caller } from '../caller.ts';
import { type ServedObject, serve } from '../served-object.ts';

/** What the queues of `multiproc/queue` and those between processes have in common. */
export interface QueueLike {
  put(item: unknown, options?: WaitOptions): Promise<void>;
  putNowait(item: unknown): void;
  get(options?: WaitOptions): Promise<unknown>;
  getNowait(): unknown;
  putMany(items: Iterable<unknown>, options?: WaitOptions): Promise<void>;
  getMany(max: number, options?: WaitOptions): Promise<unknown[]>;
  qsize(): number;
  empty(): boolean;
  full(): boolean;
  shutdown(options?: { immediate?: boolean }): void;
  taskDone?(): void;
  join?(options?: WaitOptions): Promise<void>;
}

/** A queue that clients share: one that is gone, or gives up, takes nothing any more. */
export function servedQueue(queue: QueueLike, isJoinable: boolean): ServedObject {
  const { taskDone, join } = isJoinable ? queue : ({} as Partial<QueueLike>);
  return serve(isJoinable ? 'joinableQueue' : 'queue', {
    put: (caller, item, options) => {
      if (!queue.full()) {
        try {
          // Most calls find a place: those need nothing to wait with.
          return queue.putNowait(item);
        } catch (error) {
          // Another process, which uses the queue itself, was quicker.
          if (!(error instanceof Full)) throw error;
        }
      }
      return queue.put(item, waiting(caller, options));
    },
    get: (caller, options) => {
      if (!queue.empty()) {
        try {
          return queue.getNowait();
        } catch (error) {
          if (!(error instanceof Empty)) throw error;
        }
      }
      return queue.get(waiting(caller, options));
    },
    putNowait: (_, item) => queue.putNowait(item),
    getNowait: () => queue.getNowait(),
    putMany: (caller, items, options) => queue.putMany(items, waiting(caller, options)),
    getMany: (caller, max, options) => queue.getMany(max, waiting(caller, options)),
    qsize: () => queue.qsize(),
    empty: () => queue.empty(),
    full: () => queue.full(),
    shutdown: (_, options) => queue.shutdown(options),
    ...(taskDone && { taskDone: () => taskDone.call(queue) }),
    ...(join && { join: (caller: Caller, options: WaitOptions) => join.call(queue, waiting(caller, options)) }),
  });
}

/** The options of a wait that ends with its client. */
export function waiting(caller: Caller, options: WaitOptions | undefined): WaitOptions {
  return { timeout: options?.timeout, signal: caller.signal };
}
