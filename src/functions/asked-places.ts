/**
 * Places in the original source, as the program that formats stacks knows them: a test runner (Vitest) that has removed the source map from
 * the text is asked for each place in a function, as if a stack contained it.
 */
import type { AnyNode } from 'acorn';
import { positionOf, type Script } from './script.ts';
import { childrenOf } from './syntax.ts';

/** An offset in the script's text with where it comes from; line and column from 0. */
interface AskedPlace {
  readonly offset: number;
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** Returns the places of all nodes from `start` to `end`; none if the formatter knows no more than V8. */
export function askPlaces(script: Script, file: string, start: number, end: number): AskedPlace[] {
  const { prepareStackTrace } = Error;
  if (typeof prepareStackTrace !== 'function') return [];
  const places: AskedPlace[] = [];
  for (const offset of nodeStarts(script.program, start, end)) {
    const { line, column } = positionOf(script, offset);
    let text: unknown;
    try {
      text = prepareStackTrace.call(Error, new Error(), [siteAt(file, line + 1, column + 1)]);
    } catch {
      return []; // it wants more than this of a place
    }
    const [, source, toLine, toColumn] = /(?:\(|at )([^()\n]+):(\d+):(\d+)\)?\s*$/.exec(String(text)) ?? [];
    if (source !== undefined) places.push({ offset, source, line: Number(toLine) - 1, column: Number(toColumn) - 1 });
  }
  const isSame = places.every(({ offset, line, column }) => {
    const own = positionOf(script, offset);
    return own.line === line && own.column === column;
  });
  return isSame ? [] : places;
}

function nodeStarts(program: AnyNode, start: number, end: number): number[] {
  const starts = new Set<number>();
  const visit = (node: AnyNode): void => {
    if (node.end <= start || node.start >= end) return;
    if (node.start >= start) starts.add(node.start);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return [...starts].sort((a, b) => a - b);
}

/** Returns a place on a stack, with all that a formatter may ask of one. */
function siteAt(file: string, line: number, column: number): NodeJS.CallSite {
  // Formatters copy the methods of the prototype.
  return Object.create({
    getFileName: () => file,
    getScriptNameOrSourceURL: () => file,
    getLineNumber: () => line,
    getColumnNumber: () => column,
    getEnclosingLineNumber: () => line,
    getEnclosingColumnNumber: () => column,
    toString: () => `${file}:${line}:${column}`,
    getThis() {},
    getTypeName: () => null,
    getFunction() {},
    getFunctionName: () => null,
    getMethodName: () => null,
    getEvalOrigin() {},
    getScriptHash: () => '',
    getPosition: () => 0,
    getPromiseIndex: () => null,
    isToplevel: () => true,
    isEval: () => false,
    isNative: () => false,
    isConstructor: () => false,
    isAsync: () => false,
    isPromiseAll: () => false,
  });
}
