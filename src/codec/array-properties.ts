import { inspect } from '../engine/builtins.ts';

/** Properties of arrays besides their elements: named properties (`match.index`), which JavaScript has no cheap way to find, and the length. */

/** Up to this many elements listing the keys is faster than `inspect`. */
const FEW = 40;
/** The longest array that the engine creates as an array at once: a longer one would be a dictionary, which is 50 times slower. */
export const LONGEST_AT_ONCE = 2 ** 25;
/** A run of missing elements longer than this is not given memory in advance. */
const LONG_RUN = 1024;

/** Returns true if an array has enumerable properties besides its elements. */
export function hasNamedProperties(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length <= FEW) {
    const keys = Object.keys(array);
    const last = keys.length - 1;
    // Indices come before names.
    return last >= 0 && keys[last] !== String(length - 1) && !isIndex(keys[last] as string);
  }
  // `inspect` asks the engine itself. It shows named properties after the elements, of which it is told to show none.
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false, showProxy: false, colors: false });
  return shown !== `[ ... ${length} more items ]` && namedKeys(array).length > 0;
}

/** Returns the names of an array's enumerable properties that are not elements. */
export function namedKeys(array: readonly unknown[]): string[] {
  return Object.keys(array).filter((key) => !isIndex(key));
}

/** Returns true for the name of an element of an array. */
export function isIndex(key: string): boolean {
  const n = Number(key);
  return n >= 0 && n < 0xffffffff && String(n >>> 0) === key;
}

/** Makes an array longer, without reserving memory for a long run of holes. */
export function stretch(array: unknown[], length: number): void {
  if (length - array.length > LONG_RUN) {
    array[length - 1] = undefined;
    delete array[length - 1];
  } else array.length = length;
}
