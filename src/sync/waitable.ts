import { assertIterable } from '../options.ts';

/** Something that becomes ready once, or again and again, and that `wait()` can wait for: a connection, a queue, a process's sentinel. */
export interface Waitable {
  /** True if there is something to have now. */
  isReady(): boolean;
  /** Calls back, once, when it may have become ready, at once if it is; the answer stops that. */
  onReady(callback: () => void): () => void;
}

/** A list of waitables; a `TypeError` for what is none. */
export function waitables<W extends Waitable>(objects: Iterable<W>, name: string): W[] {
  assertIterable(name, objects);
  const all = [...objects];
  for (const object of all) {
    if (typeof object?.isReady === 'function' && typeof object.onReady === 'function') continue;
    throw new TypeError(`${name} must be connections, queues or sentinels of processes`);
  }
  return all;
}
