/**
 * Keys that are indices, in objects that are no arrays. `{ 1000: true }` takes 12 kB if it is made as programs make it: the engine
 * reserves all the places in between. A message that says it in three bytes must not have it do so.
 */

/** The last index that there is. */
const LAST = 2 ** 32 - 2;

/** True for a key that leads far beyond the `count` properties that there are. */
export function isFarIndex(key: string, count: number): boolean {
  const first = key.charCodeAt(0);
  if (!(first >= 0x31 && first <= 0x39)) return false;
  const index = Number(key);
  return index > 2 * count + 8 && index <= LAST;
}

/** Has the engine keep the indices of a new object, which is no array, as a table: that takes room for what there is. */
export function keepSparse(object: object): void {
  const places = object as Record<number, unknown>;
  places[LAST] = undefined;
  delete places[LAST];
}
