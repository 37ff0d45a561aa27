/**
 * Makes what was read out of a shared container unchangeable, with all plain objects, arrays, maps and sets in it: to change the
 * copy would change nothing for the others, so it throws. What is no container, such as a typed array or an instance of a class, stays as it is.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    Object.freeze(value);
    for (const item of value) frozen(item);
  } else if (value instanceof Map) {
    forbid(value, ['set', 'delete', 'clear']);
    for (const [key, item] of value) {
      frozen(key);
      frozen(item);
    }
  } else if (value instanceof Set) {
    forbid(value, ['add', 'delete', 'clear']);
    for (const item of value) frozen(item);
  } else if (isPlain(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}

/** A fresh array of what is in the container: the array is the caller's, the items are not. */
export function frozenItems<T>(items: T[]): T[] {
  for (const item of items) frozen(item);
  return items;
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
