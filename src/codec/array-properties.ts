import { inspect } from '../engine/builtins.ts';

/** What arrays have besides elements: named properties (`match.index`), for which JavaScript has no cheap question, and a length. */

/** Up to this many elements listing the keys is faster than `inspect`. */
const FEW = 40;
/** A run of missing elements longer than this is not given memory in advance. */
const LONG_RUN = 1024;

/** Whether an array has enumerable properties besides its elements. */
export function hasNamedProperties(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length <= FEW) {
    const keys = Object.keys(array);
    const last = keys.length - 1;
    // Indices come before names.
    return last >= 0 && keys[last] !== String(length - 1) && !isIndex(keys[last] as string);
  }
  // inspect asks the engine itself, and shows named properties after the elements, of which none are wanted here.
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false, showProxy: false, colors: false });
  return shown !== `[ ... ${length} more items ]` && namedKeys(array).length > 0;
}

/** The names of an array's enumerable properties that are no elements. */
export function namedKeys(array: readonly unknown[]): string[] {
  return Object.keys(array).filter((key) => !isIndex(key));
}

/** True for a property that is an element of its array. */
export function isIndex(key: string): boolean {
  const n = Number(key);
  return n >= 0 && n < 0xffffffff && String(n >>> 0) === key;
}

/** Makes an array longer; where that would reserve much memory for nothing but holes, in a way that does not. */
export function stretch(array: unknown[], length: number): void {
  if (length - array.length > LONG_RUN) {
    array[length - 1] = undefined;
    delete array[length - 1];
  } else array.length = length;
}
