/** What `util.promisify` makes is a function inside Node; it is made again of the function that it was made of. */
import { promisifiedBuiltin } from './builtin-references.ts';
import { contentKey } from './content-key.ts';
import type { FunctionImage } from './function-image.ts';
import type { LiveScope } from './inspector.ts';

/** The function that another is a promisified one of. */
export function originalOf(fn: object, scopes: readonly LiveScope[]): object | undefined {
  const [scope] = scopes;
  const original = scope?.description === 'Closure (promisify)' ? scope.object.original : undefined;
  return typeof original === 'function' ? original : promisifiedBuiltin(fn);
}

/** How it is made again. */
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
