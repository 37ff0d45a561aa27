import { type ServedMethods, type ServedObject, serve } from '../served-object.ts';
import { updated } from './update.ts';

/** Serves an array that clients share, of any length. */
export function servedList(init?: unknown): ServedObject {
  const list = Array.isArray(init) ? (init as unknown[]) : itemsOf(init);
  return serve('list', {
    ...indexed(list),
    push: (_, ...items) => append(list, items),
    pop: () => list.pop(),
    shift: () => list.shift(),
    unshift: (_, ...items) => list.unshift(...items),
    splice: (_, ...args) => list.splice(...(args as [number, number, ...unknown[]])),
    clear: () => {
      list.length = 0;
    },
    sort: (_, compare) => {
      // If the comparison throws, the list stays unchanged.
      list.splice(0, list.length, ...[...list].sort(compare));
    },
    reverse: () => void list.reverse(),
  });
}

/** Returns the methods that lists and arrays have in common. */
export function indexed(items: unknown[]): ServedMethods {
  return {
    at: (_, index) => items.at(index),
    set: (_, index, value) => {
      items[place(index, items.length)] = value;
    },
    update: (_, index, fn) => {
      const at = place(index, items.length);
      const value = updated(fn, items[at]);
      items[at] = value;
      return value;
    },
    slice: (_, start, end) => items.slice(start, end),
    indexOf: (_, item, from) => items.indexOf(item, from),
    includes: (_, item) => items.includes(item),
    length: () => items.length,
    toArray: () => [...items],
  };
}

function append(list: unknown[], items: unknown[]): number {
  for (const item of items) list.push(item);
  return list.length;
}

function itemsOf(init: unknown): unknown[] {
  if (init === undefined) return [];
  if (typeof init === 'object' && init !== null && Symbol.iterator in init) return [...(init as Iterable<unknown>)];
  throw new TypeError(`A list is made of an iterable, not of ${String(init)}.`);
}

/** Returns the place of an existing item; a negative index counts from the end. */
function place(index: unknown, length: number): number {
  if (typeof index !== 'number' || !Number.isInteger(index)) {
    throw new TypeError(`An index is a whole number, not ${String(index)}.`);
  }
  const at = index < 0 ? index + length : index;
  if (at >= 0 && at < length) return at;
  throw new RangeError(`There is no item ${index}: the list has ${length} items. push() adds one.`);
}
