/** Returns the pairs of a `Map` or another iterable, or the properties of a plain object. */
export function entriesOf(init: unknown): Iterable<readonly [unknown, unknown]> {
  if (init === undefined) return [];
  if (typeof init !== 'object' || init === null) {
    throw new TypeError(`A dict is made of a Map, of pairs or of an object, not of ${String(init)}.`);
  }
  if (!(Symbol.iterator in init)) return Object.entries(init);
  const entries = [...(init as Iterable<unknown>)];
  for (const entry of entries) {
    if (!Array.isArray(entry)) throw new TypeError('A dict is made of pairs: [key, value].');
  }
  return entries as [unknown, unknown][];
}
