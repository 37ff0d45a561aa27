/** Sends functions that `util.promisify` made, which are inside Node: the receiver makes them again of the original function. */
import { promisifiedBuiltin } from './builtin-references.ts';
import { contentKey } from './content-key.ts';
import type { FunctionImage } from './function-image.ts';
import type { LiveScope } from './inspector.ts';

/** Returns the original of a promisified function. */
export function originalOf(fn: object, scopes: readonly LiveScope[]): object | undefined {
  const [scope] = scopes;
  const original = scope?.description === 'Closure (promisify)' ? scope.object.original : undefined;
  return typeof original === 'function' ? original : promisifiedBuiltin(fn);
}

/** Makes the promisified function again. */
export const promisifyImage: FunctionImage = {
  code: '__promisify(__original)',
  file: 'node:util',
  line: 0,
  column: 0,
  strict: true,
  isClass: false,
  names: ['__promisify', '__original'],
  early: 2,
  statics: [],
};
export const promisifyKey = contentKey(JSON.stringify(promisifyImage));
