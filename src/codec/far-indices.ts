/**
 * Keys that are indices, in objects that are not arrays. `{ 1000: true }` takes 12 kB if it is made as programs make it: the engine
 * reserves all places in between. A message of three bytes must not make it do so.
 */

/** The largest index of an array. */
const LAST = 2 ** 32 - 2;

/** Returns true for a key that is an index far beyond the `count` properties of the object. */
export function isFarIndex(key: string, count: number): boolean {
  const first = key.charCodeAt(0);
  if (!(first >= 0x31 && first <= 0x39)) return false;
  const index = Number(key);
  return index > 2 * count + 8 && index <= LAST;
}

/** Makes the engine keep the indices of a new object, which is not an array, as a table, which takes room only for existing keys. */
export function keepSparse(object: object): void {
  const places = object as Record<number, unknown>;
  places[LAST] = undefined;
  delete places[LAST];
}
