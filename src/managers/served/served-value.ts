import { type ServedObject, serve } from '../served-object.ts';
import { place } from './served-list.ts';
import { updated } from './update.ts';

/** One value that clients share. */
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

/** An array whose length does not change. */
export function servedArray(items: unknown): ServedObject {
  const isList = typeof items === 'object' && items !== null && Symbol.iterator in items;
  if (!isList) throw new TypeError(`An array is made of its items, not of ${String(items)}.`);
  const array = [...(items as Iterable<unknown>)];
  return serve('array', {
    at: (_, index) => array.at(index),
    set: (_, index, value) => {
      array[place(index, array.length)] = value;
    },
    update: (_, index, fn) => {
      const at = place(index, array.length);
      array[at] = updated(fn, array[at]);
      return array[at];
    },
    fill: (_, ...args) => void array.fill(...(args as [unknown, number?, number?])),
    slice: (_, start, end) => array.slice(start, end),
    indexOf: (_, item, from) => array.indexOf(item, from),
    includes: (_, item) => array.includes(item),
    length: () => array.length,
    toArray: () => [...array],
  });
}
