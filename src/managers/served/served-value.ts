import { type ServedObject, serve } from '../served-object.ts';
import { indexed } from './served-list.ts';
import { updated } from './update.ts';

/** Serves one value that clients share. */
export function servedValue(init: unknown): ServedObject {
  let value = init;
  return serve('value', {
    get: () => value,
    set: (_, next) => {
      value = next;
    },
    update: (_, fn) => {
      value = updated(fn, value);
      return value;
    },
  });
}

/** Serves an array whose length does not change. */
export function servedArray(items: unknown): ServedObject {
  const isList = typeof items === 'object' && items !== null && Symbol.iterator in items;
  if (!isList) throw new TypeError(`An array is made of its items, not of ${String(items)}.`);
  const array = [...(items as Iterable<unknown>)];
  return serve('array', {
    ...indexed(array),
    fill: (_, ...args) => void array.fill(...(args as [unknown, number?, number?])),
  });
}
