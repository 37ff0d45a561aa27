/** Places in data: the keys that lead there from a value. */
/** In a path: any key. */
export const EACH = Symbol('each');
/** In a path: any element; or any key, where nobody is given what stands there. */
export const ELEMENT = Symbol('element');
export type Path = readonly (string | typeof EACH | typeof ELEMENT)[];

const { isView } = ArrayBuffer;
const { hasOwn } = Object;
const { ownKeys } = Reflect;

/**
 * Returns true if a path leads only to primitives in plain data and typed arrays. A path that leads nowhere is fine, because a value of a prototype
 * is not part of the data.
 */
export function holdsPrimitives(value: unknown, path: Path, at = 0): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (at === path.length) return false;
  const key = path[at] as Path[number];
  // The prototype of typed arrays gives their memory away: `numbers[key]` may be that.
  if (isView(value)) return key === ELEMENT || key === 'length';
  if (typeof key === 'string') {
    const member: unknown = value[key as never];
    return holdsPrimitives(member, path, at + 1) || !hasOwn(value, key);
  }
  if (!Array.isArray(value)) return ownKeys(value).every((key) => holdsPrimitives(value[key as never], path, at + 1));
  for (let i = 0; i < value.length; i++) if (!holdsPrimitives(value[i], path, at + 1)) return false;
  return true;
}
