/** Finds shared objects that the top-level code of a module makes: loading the module again would make other objects, so it is refused. */
import type { AnyNode, Pattern, Program } from 'acorn';
import { SharedObject } from '../memory/shared-object.ts';
import { loadedCommonJs } from './module-cache.ts';
import { ownExport } from './own-exports.ts';
import { resolveImport } from './package-resolution.ts';
import { loadsLibrary, readModule } from './program-modules.ts';
import { scriptAt } from './script.ts';
import { childrenOf, parseProgram, requiredSpecifier } from './syntax.ts';

/** One such object. */
interface MadeAtLoad {
  /** The URL of the module that makes it. */
  readonly module: string;
  /** The variable that gets the object, or the class if there is none. */
  readonly variable: string;
  /** The name of its class. */
  readonly kind: string;
}

const known = new Map<string, MadeAtLoad | undefined>();

/**
 * Returns the first shared object that a module of the program, or one that it loads, certainly makes when it is loaded. Objects that it makes under a
 * condition, or in functions, are not seen. Reads the files of the modules and loads nothing.
 */
export function madeAtLoad(url: string): MadeAtLoad | undefined {
  if (known.has(url)) return known.get(url);
  let made: MadeAtLoad | undefined;
  const modules = new Set([url]);
  for (const module of modules) {
    const nodes = loadsLibrary(module) ? alwaysRun(module) : [];
    made = madeBy(nodes, module);
    if (made !== undefined) break;
    for (const { specifier, kind } of loadedBy(nodes)) {
      const loaded = resolveImport(specifier, module, kind);
      if (loaded !== undefined) modules.add(loaded);
    }
  }
  known.set(url, made);
  return made;
}

function programOf(url: string): Program | undefined {
  const script = scriptAt(url);
  if (script !== undefined || !url.startsWith('file:')) return script?.program;
  const isLoaded = loadedCommonJs()[process.getBuiltinModule('node:url').fileURLToPath(url)]?.loaded;
  try {
    return isLoaded ? parseProgram(readModule(url) ?? '', false) : undefined;
  } catch (error) {
    // A loader has made something else of this text.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Returns the statements and expressions of a module that are evaluated whenever it is loaded, in the order of the text. */
function alwaysRun(url: string): AnyNode[] {
  const nodes: AnyNode[] = [];
  for (const statement of programOf(url)?.body ?? []) {
    // What comes behind depends on a condition.
    if (!collect(statement, nodes)) break;
  }
  return nodes;
}

/** Adds what is evaluated with a node; false if that may end the module's code. */
function collect(node: AnyNode, nodes: AnyNode[]): boolean {
  if (/Function|^MethodDefinition$/.test(node.type)) return true;
  if (node.type === 'PropertyDefinition' && !node.static) return true;
  nodes.push(node);
  const isConditional = /^(If|Switch|For|ForIn|ForOf|While|DoWhile)Statement$|^Conditional/.test(node.type);
  if (isConditional || node.type === 'LogicalExpression' || node.type === 'ChainExpression') return !mayEnd(node);
  if (node.type === 'ReturnStatement' || node.type === 'ThrowStatement') return false;
  if (node.type === 'TryStatement') return collect(node.block, nodes) && !mayEnd(node);
  return childrenOf(node).every((child) => collect(child, nodes));
}

/** Returns true if a node contains a `return` of the module itself. */
function mayEnd(node: AnyNode): boolean {
  if (/Function|^Class/.test(node.type)) return false;
  return node.type === 'ReturnStatement' || node.type === 'ThrowStatement' || childrenOf(node).some(mayEnd);
}

function madeBy(nodes: readonly AnyNode[], module: string): MadeAtLoad | undefined {
  const kindOf = ownClasses(nodes);
  for (const node of nodes) {
    const kind = node.type === 'NewExpression' ? kindOf(node.callee) : undefined;
    if (kind !== undefined) return { module, variable: takerOf(node, nodes) ?? kind, kind };
  }
  return undefined;
}

/** Returns the class of shared objects that an expression means, by how the module imports it from this library. */
function ownClasses(nodes: readonly AnyNode[]): (callee: AnyNode) => string | undefined {
  const names = new Map<string, readonly [specifier: string, name: string]>();
  const namespaces = new Map<string, string>();
  for (const node of nodes) {
    if (node.type === 'ImportDeclaration') {
      for (const one of node.specifiers) {
        const from = String(node.source.value);
        if (one.type !== 'ImportSpecifier') namespaces.set(one.local.name, from);
        else if (one.imported.type === 'Identifier') names.set(one.local.name, [from, one.imported.name]);
      }
    } else if (node.type === 'VariableDeclarator' && node.init) {
      const from = node.init.type === 'Identifier' ? namespaces.get(node.init.name) : requiredSpecifier(node.init);
      if (from === undefined) continue;
      if (node.id.type === 'Identifier') namespaces.set(node.id.name, from);
      for (const [name, local] of namesIn(node.id)) names.set(local, [from, name]);
    }
  }
  return (callee) => {
    if (callee.type === 'Identifier') return ownKind(names.get(callee.name));
    if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier')
      return undefined;
    const from =
      callee.object.type === 'Identifier' ? namespaces.get(callee.object.name) : requiredSpecifier(callee.object);
    return from === undefined ? undefined : ownKind([from, callee.property.name]);
  };
}

function ownKind([module, name]: readonly [string, string] = ['', '']): string | undefined {
  const value = ownExport({ module, path: [name] });
  return typeof value === 'function' && value.prototype instanceof SharedObject ? name : undefined;
}

/** Returns what stands in `{ Lock, Queue: Other }`. */
function namesIn(pattern: Pattern): [name: string, local: string][] {
  if (pattern.type !== 'ObjectPattern') return [];
  return pattern.properties.flatMap((property): [string, string][] => {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') return [];
    return property.value.type === 'Identifier' ? [[property.key.name, property.value.name]] : [];
  });
}

interface Loaded {
  readonly specifier: string;
  readonly kind: 'import' | 'require';
}

function loadedBy(nodes: readonly AnyNode[]): Loaded[] {
  return nodes.flatMap((node): Loaded[] => {
    const source = 'source' in node && /^(Import|Export)\w*Declaration$/.test(node.type) ? node.source : undefined;
    if (source && 'value' in source) return [{ specifier: String(source.value), kind: 'import' }];
    const specifier = requiredSpecifier(node);
    return specifier === undefined ? [] : [{ specifier, kind: 'require' }];
  });
}

/** Returns the name of the variable, or of the export of a CommonJS module, that is given what a node makes. */
function takerOf({ start, end }: AnyNode, nodes: readonly AnyNode[]): string | undefined {
  let taker: string | undefined;
  for (const node of nodes) {
    if (node.start > start || node.end < end) continue;
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') taker = node.id.name;
    if (node.type === 'PropertyDefinition' && node.key.type === 'Identifier') taker = node.key.name;
    if (node.type !== 'AssignmentExpression') continue;
    if (node.left.type === 'Identifier') taker = node.left.name;
    if (node.left.type === 'MemberExpression' && node.left.property.type === 'Identifier')
      taker = node.left.property.name;
  }
  return taker;
}
