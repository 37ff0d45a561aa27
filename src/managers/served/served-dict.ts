import { type ServedObject, serve } from '../served-object.ts';
import { entriesOf } from './entries-of.ts';
import { updated } from './update.ts';

/** Serves a `Map` that clients share. */
export function servedDict(init?: unknown): ServedObject {
  const map = init instanceof Map ? (init as Map<unknown, unknown>) : new Map(entriesOf(init));
  return serve('dict', {
    get: (_, key) => map.get(key),
    set: (_, key, value) => void map.set(key, value),
    has: (_, key) => map.has(key),
    delete: (_, key) => map.delete(key),
    clear: () => map.clear(),
    keys: () => [...map.keys()],
    values: () => [...map.values()],
    entries: () => [...map],
    size: () => map.size,
    copy: () => new Map(map),
    update: (_, key, fn) => {
      const value = updated(fn, map.get(key));
      map.set(key, value);
      return value;
    },
    setDefault: (_, key, value) => {
      if (!map.has(key)) map.set(key, value);
      return map.get(key);
    },
    pop: (_, key) => {
      const value = map.get(key);
      map.delete(key);
      return value;
    },
    assign: (_, entries) => {
      for (const [key, value] of entriesOf(entries)) map.set(key, value);
    },
  });
}
