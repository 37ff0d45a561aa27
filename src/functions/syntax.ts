/** The parser, loaded when the first function travels by value. */

import type { Program } from 'acorn';

let acorn: typeof import('acorn') | undefined;

/** Parses a module or script; throws a SyntaxError. */
export function parseProgram(text: string, isModule: boolean): Program {
  acorn ??= require('acorn') as typeof import('acorn');
  return acorn.parse(text, {
    ecmaVersion: 'latest',
    sourceType: isModule ? 'module' : 'script',
    allowHashBang: true,
    // CommonJS modules are the bodies of functions.
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: isModule,
    allowSuperOutsideMethod: true,
  });
}
