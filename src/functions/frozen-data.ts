/** Returns true for data that cannot change any more: primitives, and arrays and objects of them that are deeply frozen. */
export function isFrozenData(value: unknown, seen = new Set<object>()): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null || seen.has(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return false;
  if (!Object.isFrozen(value)) return false;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    if (descriptor.get !== undefined || !isFrozenData(descriptor.value, seen)) return false;
  }
  return true;
}
