/** Recognizes a function of the entry script that mentions nothing of its surroundings: it needs neither V8's debugger nor the parser. */
import { fs } from '../engine/builtins.ts';
import type { AnyFunction } from './any-function.ts';
import { isVariable } from './captured-variables.ts';
import type { CutFunction } from './function-image.ts';
import type { InspectedFunction } from './inspector.ts';
import { mapsStacks } from './mapped-stacks.ts';

/** A function by `function`, and what of it stands before its parameters, where V8 places it. */
const FUNCTION = /^(?:async +)?function *\*? *([\w$]*) *(?=\()/;
/** An arrow function for certain: no method begins so. */
const ARROW = /^(?:\(|(?:async +)?[\w$]+ *=>|async *\([\w$, ]*\) *=>)/;
/** What may mean something of the surroundings, or is made by a bundler. Escapes may spell any of it. */
const SPECIAL = /\\u|#|\b(?:arguments|eval|exports|import|module|new\s*\.|require|super|this)\b|__|[\u0080-\uffff]/;
const WORD = /[\w$]+/g;

/**
 * Returns the function as it travels; `undefined` where that is not certain. It is of the entry script if it stands there, letter for letter, where V8 says that it
 * stands. It mentions no variable if none of its words is one: V8 keeps each variable that a function mentions in its scopes.
 */
export function plainFunction(fn: AnyFunction, { location, scopes }: InspectedFunction): CutFunction | undefined {
  if (location === undefined || mapsStacks() || !(fn instanceof Function)) return undefined;
  // Other scripts may be strict or not, as their first line says.
  if (!scopes.some(({ description }) => description.startsWith('Module'))) return undefined;
  const code = Function.prototype.toString.call(fn);
  const head = FUNCTION.exec(code);
  if ((head === null && !ARROW.test(code)) || SPECIAL.test(code)) return undefined;
  const words: readonly string[] = code.match(WORD) ?? [];
  const own = head?.[1];
  if (own && words.indexOf(own) !== words.lastIndexOf(own)) return undefined;
  for (const word of new Set(words)) if (word !== own && isVariable(word, scopes)) return undefined;
  const column = location.column - (head?.[0].length ?? 0);
  entry ??= readEntry();
  if (!isAt(entry.text, location.line, column, code)) return undefined;
  const image = {
    code,
    file: entry.url,
    line: location.line,
    column,
    strict: true,
    isClass: false,
    names: [],
    early: 0,
    statics: [],
    map: undefined,
  };
  return { image, variables: new Map() };
}

let entry: { readonly text: string; readonly url: string } | undefined;

/** Returns the entry script as Node has loaded it, unless it was named in a way that is not its own. */
function readEntry(): { readonly text: string; readonly url: string } {
  const path = process.argv[1] ?? '';
  try {
    if (fs.realpathSync(path) === path) {
      const { href } = process.getBuiltinModule('node:url').pathToFileURL(path);
      return { text: fs.readFileSync(path, 'utf8'), url: href };
    }
  } catch {
    // `-`, `[worker eval]`, a file without its extension.
  }
  return { text: '', url: '' };
}

function isAt(text: string, line: number, column: number, part: string): boolean {
  let start = 0;
  for (let i = 0; i < line; i++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return false;
  }
  return text.startsWith(part, start + column);
}
