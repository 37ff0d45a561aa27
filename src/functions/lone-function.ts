/** Recognizes a function of the entry script that uses nothing of its surroundings: its own text is all that an image needs. */
import type { AnyFunction } from './any-function.ts';
import { isVariable } from './captured-variables.ts';
import { isEntryScript } from './entry-script.ts';
import { type InspectedFunction, urlOfScript } from './inspector.ts';
import { mapsStacks } from './mapped-stacks.ts';
import { analyseScopes } from './scope-analysis.ts';
import type { PlacedFunction } from './script.ts';
import { parseProgram } from './syntax.ts';

/** The text before the parameters, where V8 places a function that is not an arrow function. */
const HEAD = /^(?:async +)?function *\*? *[\w$]* *(?=\()/;

/**
 * Returns the function in a script that consists of it alone, at its place in its file. `undefined` if that is not certain: then its script
 * must be asked for, which takes V8 and the parser some 30 ms. A name that none of its scopes has is a global one: V8 keeps each variable that a function
 * mentions in its scopes.
 */
export function loneFunction(fn: AnyFunction, { location, scopes }: InspectedFunction): PlacedFunction | undefined {
  if (location === undefined || mapsStacks() || !(fn instanceof Function)) return undefined;
  // Other scripts may be strict or not, as their first line says.
  if (!scopes.some(({ description }) => description.startsWith('Module'))) return undefined;
  // What other modules export goes by reference.
  const url = urlOfScript(location.scriptId);
  if (url === undefined || !url.startsWith('file:') || !isEntryScript(url)) return undefined;
  const text = Function.prototype.toString.call(fn);
  const head = /^(async +)?function\b/.test(text) ? HEAD.exec(text)?.[0].length : 0;
  if (head === undefined) return undefined;
  const placed = parsed(text);
  if (placed === undefined) return undefined;
  const { program, scopes: names, node } = placed;
  const isAlone = names.references.every(({ name, binding }) =>
    binding === null ? name !== 'arguments' && !isVariable(name, scopes) : binding !== placed.ownName,
  );
  if (names.specials.length > 0 || !isAlone) return undefined;
  const script = {
    id: location.scriptId,
    url,
    isModule: true,
    isMainContext: true,
    // The text has a parenthesis in front of it.
    startLine: location.line,
    startColumn: location.column - head - 1,
    mapUrl: '',
    text: program.text,
    importable: undefined,
    base: url,
    program: program.tree,
    scopes: names,
  };
  return { script, node };
}

function parsed(text: string) {
  const program = `(${text}\n)`;
  let tree: ReturnType<typeof parseProgram>;
  try {
    tree = parseProgram(program, true);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a method
    throw error;
  }
  const [statement] = tree.body;
  const node = statement?.type === 'ExpressionStatement' ? statement.expression : undefined;
  if (node?.type !== 'ArrowFunctionExpression' && node?.type !== 'FunctionExpression') return undefined;
  if (node.start !== 1 || node.end !== text.length + 1) return undefined;
  const scopes = analyseScopes(tree);
  // A declaration may be assigned to, and then means something else than itself.
  const own = node.type === 'FunctionExpression' ? node.id?.name : undefined;
  const ownName =
    own === undefined
      ? undefined
      : scopes.references.find(({ name, binding }) => name === own && binding?.kind === 'own name')?.binding;
  return {
    program: { text: program, tree },
    scopes,
    node,
    ownName: ownName ?? undefined,
  };
}
