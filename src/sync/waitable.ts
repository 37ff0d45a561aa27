import { assertIterable } from '../contracts/options.ts';

/** An object that `wait()` can wait for, because it becomes ready once or repeatedly: a connection, a queue, a process's sentinel. */
export interface Waitable {
  /** True if the object is ready now. */
  isReady(): boolean;
  /** Calls `callback` once, when the object may have become ready; at once if it is ready. Returns a function that cancels this. */
  onReady(callback: () => void): () => void;
}

/** Returns a list of waitables. Throws a `TypeError` if an element is no waitable. */
export function waitables<W extends Waitable>(objects: Iterable<W>, name: string): W[] {
  assertIterable(name, objects);
  const all = [...objects];
  for (const object of all) {
    if (typeof object?.isReady === 'function' && typeof object.onReady === 'function') continue;
    throw new TypeError(`${name} must be connections, queues or sentinels of processes`);
  }
  return all;
}
