import { Empty, Full } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { AnyQueue, ShutdownOptions } from '../../contracts/queue.ts';
import type { Caller } from '../caller.ts';
import { type ServedObject, serve } from '../served-object.ts';

/** A queue of this process: its short calls return at once. */
export interface QueueLike extends AnyQueue<unknown> {
  putNowait(item: unknown): void;
  getNowait(): unknown;
  qsize(): number;
  empty(): boolean;
  full(): boolean;
  shutdown(options?: ShutdownOptions): void;
  taskDone?(): void;
  join?(options?: WaitOptions): Promise<void>;
}

/** Serves a queue that clients share. A client that is gone, or that gives up, takes no item any more. */
export function servedQueue(queue: QueueLike, isJoinable: boolean): ServedObject {
  const { taskDone, join } = isJoinable ? queue : ({} as Partial<QueueLike>);
  /** The calls that wait for an item, in order. */
  const getters = new Set<Caller>();
  const awaitItems = async <R>(caller: Caller, get: () => Promise<R>): Promise<R> => {
    assertAlive(caller);
    getters.add(caller);
    try {
      return await get();
    } finally {
      getters.delete(caller);
    }
  };
  // An item that is put after the death of a client must not go to that client.
  const dismissDead = () => {
    for (const getter of getters) if (getter.client.isDead) getter.abort(new Error('The client is gone.'));
  };
  return serve(isJoinable ? 'joinableQueue' : 'queue', {
    put: (caller, item, options) => {
      dismissDead();
      if (!queue.full()) {
        try {
          // Most calls find a place: they need nothing to wait with.
          return queue.putNowait(item);
        } catch (error) {
          // Another process, which uses the queue directly, was quicker.
          if (!(error instanceof Full)) throw error;
        }
      }
      return queue.put(item, waiting(caller, options));
    },
    get: (caller, options) => {
      if (!queue.empty()) {
        assertAlive(caller);
        try {
          return queue.getNowait();
        } catch (error) {
          if (!(error instanceof Empty)) throw error;
        }
      }
      return awaitItems(caller, () => queue.get(waiting(caller, options)));
    },
    putNowait: (_, item) => {
      dismissDead();
      queue.putNowait(item);
    },
    getNowait: () => queue.getNowait(),
    putMany: (caller, items, options) => {
      dismissDead();
      return queue.putMany(items, waiting(caller, options));
    },
    getMany: (caller, max, options) => awaitItems(caller, () => queue.getMany(max, waiting(caller, options))),
    qsize: () => queue.qsize(),
    empty: () => queue.empty(),
    full: () => queue.full(),
    shutdown: (_, options) => queue.shutdown(options),
    ...(taskDone && { taskDone: () => taskDone.call(queue) }),
    ...(join && { join: (caller: Caller, options: WaitOptions) => join.call(queue, waiting(caller, options)) }),
  });
}

/** Throws if the client is dead: it gets no result of an earlier call any more. */
function assertAlive({ client }: Caller): void {
  if (client.isDead) throw new Error('The client is gone.');
}

/** Returns the options of a wait that ends when its client is gone. */
export function waiting(caller: Caller, options: WaitOptions | undefined): WaitOptions {
  return { timeout: options?.timeout, signal: caller.signal };
}
