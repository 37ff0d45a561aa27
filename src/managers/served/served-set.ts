import { type ServedObject, serve } from '../served-object.ts';
import { updated } from './update.ts';

/** Serves a `Set` that clients share. */
export function servedSet(init?: unknown): ServedObject {
  const set = init instanceof Set ? (init as Set<unknown>) : new Set(init as Iterable<unknown> | undefined);
  return serve('set', {
    add: (_, ...values) => {
      for (const value of values) set.add(value);
    },
    has: (_, value) => set.has(value),
    delete: (_, value) => set.delete(value),
    clear: () => set.clear(),
    values: () => [...set],
    size: () => set.size,
    copy: () => new Set(set),
    update: (_, value, fn) => {
      const next = updated(fn, set.has(value) ? value : undefined);
      set.delete(value);
      set.add(next);
      return next;
    },
  });
}
