import type { DeepReadonly } from './deep-readonly.ts';

/**
 * Makes a value that comes from a shared container unchangeable, with all plain objects, arrays, maps and sets in it. A change of the copy
 * would not reach the others, so it throws. Other values, such as a typed array or an instance of a class, stay as they are.
 */
export function frozen<T>(coming: Promise<T>): Promise<DeepReadonly<T>> {
  return coming.then((value) => {
    freeze(value);
    return value as DeepReadonly<T>;
  });
}

/** Resolves to the array that comes from a container. The array may be changed, its items cannot. */
export function frozenItems<T>(coming: Promise<T[]>): Promise<DeepReadonly<T>[]> {
  return coming.then((items) => {
    for (const item of items) freeze(item);
    return items as DeepReadonly<T>[];
  });
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (Array.isArray(value)) {
    Object.freeze(value);
    for (const item of value) freeze(item);
  } else if (value instanceof Map) {
    forbid(value, ['set', 'delete', 'clear']);
    for (const [key, item] of value) {
      freeze(key);
      freeze(item);
    }
  } else if (value instanceof Set) {
    forbid(value, ['add', 'delete', 'clear']);
    for (const item of value) freeze(item);
  } else if (isPlain(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function forbid(collection: object, methods: readonly string[]): void {
  for (const name of methods) {
    Object.defineProperty(collection, name, {
      value: () => {
        throw new TypeError(
          `This is a copy of what a manager holds, and ${name}() would change only the copy: use update(), or set() with a new value.`,
        );
      },
    });
  }
  Object.freeze(collection);
}
