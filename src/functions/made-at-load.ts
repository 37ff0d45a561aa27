/** Shared objects that the top-level code of a module makes: whoever loads the module again makes others, so nobody may. */
import type { AnyNode, Expression, Program } from 'acorn';
import { SharedObject } from '../memory/shared-object.ts';
import { importedBy } from './imported-modules.ts';
import { ownExport } from './own-exports.ts';
import { loadsLibrary } from './program-modules.ts';
import { type Script, scriptAt } from './script.ts';

/** One such object. */
export interface MadeAtLoad {
  /** The URL of the module that makes it. */
  readonly module: string;
  /** The variable that takes it. */
  readonly variable: string;
  /** The name of its class. */
  readonly kind: string;
}

const known = new Map<string, MadeAtLoad | undefined>();

/**
 * The first shared object that an ES module of the program, or one that it imports, certainly makes when it is loaded; what it makes under
 * a condition, or by way of functions, is not seen. Reads what V8 has of the modules, and loads nothing.
 */
export function madeAtLoad(url: string): MadeAtLoad | undefined {
  if (known.has(url)) return known.get(url);
  let made: MadeAtLoad | undefined;
  const modules = new Set([url]);
  for (const module of modules) {
    const script = loadsLibrary(module) ? scriptAt(module) : undefined;
    made = script && madeBy(script, module);
    if (made !== undefined) break;
    for (const imported of script ? importedBy(script) : []) modules.add(imported);
  }
  known.set(url, made);
  return made;
}

function madeBy({ program }: Script, module: string): MadeAtLoad | undefined {
  const classes = ownClasses(program);
  if (classes.size === 0) return undefined;
  for (const node of program.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      const kind = init && kindMade(init, classes);
      if (kind !== undefined && kind !== null)
        return { module, variable: id.type === 'Identifier' ? id.name : kind, kind };
    }
  }
  return undefined;
}

/** The classes of shared objects that a module imports from this library, by the names that it gives them. */
function ownClasses({ body }: Program): Map<string, string> {
  const classes = new Map<string, string>();
  for (const node of body) {
    if (node.type !== 'ImportDeclaration') continue;
    for (const one of node.specifiers) {
      if (one.type !== 'ImportSpecifier' || one.imported.type !== 'Identifier') continue;
      const { name } = one.imported;
      const value = ownExport({ module: String(node.source.value), path: [name] });
      if (typeof value === 'function' && value.prototype instanceof SharedObject) classes.set(one.local.name, name);
    }
  }
  return classes;
}

/** The class of a shared object that is made whenever an expression is evaluated. */
function kindMade(node: Expression, classes: ReadonlyMap<string, string>): string | undefined {
  if (node.type === 'NewExpression' && node.callee.type === 'Identifier') {
    const kind = classes.get(node.callee.name);
    if (kind !== undefined) return kind;
  }
  for (const part of partsOf(node)) {
    const kind = kindMade(part, classes);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** The expressions that are evaluated with one. */
function partsOf(node: Expression): Expression[] {
  switch (node.type) {
    case 'NewExpression':
    case 'CallExpression':
      return node.arguments.filter(isExpression);
    case 'ArrayExpression':
      return node.elements.filter(isExpression);
    case 'ObjectExpression':
      return node.properties.flatMap((property) => (property.type === 'Property' ? property.value : []));
    default:
      return [];
  }
}

function isExpression(node: AnyNode | null): node is Expression {
  return node !== null && node.type !== 'SpreadElement';
}
