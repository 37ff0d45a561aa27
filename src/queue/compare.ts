/** Returns the value by which `value` is ordered: the value itself or, for an object, the primitive that it converts to. */
function orderedBy(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  const convert: unknown = (value as { [Symbol.toPrimitive]?: unknown })[Symbol.toPrimitive];
  return typeof convert === 'function' ? convert.call(value, 'number') : value.valueOf?.();
}

function isNumeric(value: unknown): value is number {
  return (typeof value === 'number' && !Number.isNaN(value)) || typeof value === 'bigint' || typeof value === 'boolean';
}

function describe(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? 'null'}`;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/**
 * Orders two values as `<` does. Returns a number below 0, 0 or above 0. Arrays are compared element by element, as Python's tuples are;
 * objects are compared by their `valueOf()`. Throws a `TypeError` for values without an order: a number and a string, NaN, objects
 * without their own `valueOf`.
 */
export function compare(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b);
  const left = orderedBy(a);
  const right = orderedBy(b);
  if ((isNumeric(left) && isNumeric(right)) || (typeof left === 'string' && typeof right === 'string')) {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  throw new TypeError(
    `${describe(a)} and ${describe(b)} have no order: put numbers, strings, arrays such as [priority, count, item], ` +
      'or objects with a valueOf() that returns their priority',
  );
}
