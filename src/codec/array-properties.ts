/** Arrays may have properties that are no elements (`match.index`); JavaScript has no cheap question for them. */
import { inspect } from 'node:util';

/** Up to this many elements listing the keys is faster than `inspect`. */
const FEW = 40;

/** Whether an array has enumerable properties besides its elements. */
export function hasNamedProperties(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length <= FEW) {
    const keys = Object.keys(array);
    const last = keys.length - 1;
    return last >= 0 && !isIndex(keys[last] as string);
  }
  // inspect asks the engine itself, and shows named properties after the elements, of which none are wanted here.
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, customInspect: false, showProxy: false, colors: false });
  return shown !== `[ ... ${length} more items ]` && namedKeys(array).length > 0;
}

/** The names of an array's enumerable properties that are no elements. */
export function namedKeys(array: readonly unknown[]): string[] {
  return Object.keys(array).filter((key) => !isIndex(key));
}

function isIndex(key: string): boolean {
  const n = Number(key);
  return n >= 0 && n < 0xffffffff && String(n >>> 0) === key;
}
