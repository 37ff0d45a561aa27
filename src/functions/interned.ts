/** The objects that are known by keys: a Map or a WeakMap. */
interface Known<K, V> {
  get(key: K): V | undefined;
  set(key: K, object: V): unknown;
}

/** Returns the object for a key, always the same one; makes it at the first call. */
export function interned<K, V>(known: Known<K, V>, key: K, make: () => V): V {
  let object = known.get(key);
  if (object === undefined) {
    object = make();
    known.set(key, object);
  }
  return object;
}
