/** Finds functions and objects that a module exports, by the module's URL. Never runs a module. */
import type { AnyNode } from 'acorn';
import { Address, isObject, membersOf, pathTo } from './address.ts';
import { isEntryScript } from './entry-script.ts';
import type { LiveScope } from './inspector.ts';
import { interned } from './interned.ts';
import { loadedCommonJs } from './module-cache.ts';
import type { PlacedFunction, Script } from './script.ts';

/** Returns the address of a function among the exports of the module that it was written in. */
export function exportedFunction(
  fn: object,
  script: Script,
  placed: PlacedFunction | undefined,
  scopes: readonly LiveScope[],
): Address | undefined {
  if (script.importable === undefined) return undefined;
  if (!script.isModule) return commonJsExport(fn, script.importable);
  const live = scopes.find(({ description }) => description.startsWith('Module'))?.object ?? {};
  for (const [exported, local] of exportsOf(script)) {
    if (typeof local !== 'string') {
      if (local === placed?.node) return Address.of('import', script.importable, [exported]);
      continue;
    }
    const value = liveValue(live, local);
    if (value === fn) return Address.of('import', script.importable, [exported]);
  }
  for (const [exported, local] of exportsOf(script)) {
    const value = typeof local === 'string' ? liveValue(live, local) : undefined;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    const path = pathTo(fn, value);
    if (path !== undefined) return Address.of('import', script.importable, [exported, ...path]);
  }
  return undefined;
}

function commonJsExport(fn: object, url: string): Address | undefined {
  const module = loadedCommonJs()[process.getBuiltinModule('node:url').fileURLToPath(url)];
  return module?.loaded ? amongExports(fn, url, module.exports) : undefined;
}

function amongExports(fn: object, url: string, exports: unknown): Address | undefined {
  if (!isObject(exports)) return undefined;
  const path = pathTo(fn, exports);
  return path && Address.of('require', url, path);
}

/** Returns the address of a function among the exports of any CommonJS module, also of the program's own modules, which may not have ended yet. */
export function commonJsFunction(fn: object): Address | undefined {
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  for (const [path, module] of Object.entries(loadedCommonJs())) {
    const url = pathToFileURL(path).href;
    const address = module?.loaded || isEntryScript(url) ? amongExports(fn, url, module?.exports) : undefined;
    if (address !== undefined) return address;
  }
  return undefined;
}

const exportLists = new WeakMap<Script, [exported: string, local: string | AnyNode][]>();

/** Returns the own exports of an ES module: by the name of a local variable, or by the node of a default export without a name. */
export function exportsOf(script: Script): [exported: string, local: string | AnyNode][] {
  return interned(exportLists, script, () => readExports(script));
}

function readExports({ program, scopes }: Script): [string, string | AnyNode][] {
  const list: [string, string | AnyNode][] = [];
  for (const node of program.body) {
    if (node.type === 'ExportDefaultDeclaration') {
      const { declaration } = node;
      const name = 'id' in declaration && declaration.type.endsWith('Declaration') ? declaration.id?.name : undefined;
      list.push(['default', declaration.type === 'Identifier' ? declaration.name : (name ?? declaration)]);
    } else if (node.type === 'ExportNamedDeclaration' && node.source == null) {
      for (const { exported, local } of node.specifiers) list.push([exportedName(exported), exportedName(local)]);
      const { declaration } = node;
      if (declaration?.type === 'VariableDeclaration') {
        for (const { name, declaration: from } of scopes.program.names.values()) {
          if (from && declaration.declarations.includes(from as never)) list.push([name, name]);
        }
      } else if (declaration) list.push([declaration.id.name, declaration.id.name]);
    }
  }
  return list;
}

/** Returns the name in an import or export declaration; it may be any string. */
export function exportedName(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as { value?: unknown }).value);
}

function liveValue(live: Record<string, unknown>, name: string): unknown {
  try {
    return live[name];
  } catch {
    return undefined; // not initialised yet
  }
}

const exportsObjects = new Map<object, string>();
let modulesThen = -1;

/** Returns the address of the exports object of a loaded CommonJS module, but for those whose exports go by value. */
export function exportsObject(value: object, goesByValue: (url: string) => boolean): Address | undefined {
  // A module that still runs may yet replace its exports.
  const paths = Object.keys(loadedCommonJs()).filter((path) => loadedCommonJs()[path]?.loaded);
  if (paths.length !== modulesThen) {
    modulesThen = paths.length;
    for (const path of paths) {
      const exports: unknown = loadedCommonJs()[path]?.exports;
      if (typeof exports === 'object' && exports !== null) exportsObjects.set(exports, path);
    }
  }
  const path = exportsObjects.get(value);
  if (path === undefined || loadedCommonJs()[path]?.exports !== value) return undefined;
  const url = process.getBuiltinModule('node:url').pathToFileURL(path).href;
  return goesByValue(url) ? undefined : Address.of('require', url, []);
}

/** Returns true if the exports at an address are those of an ES module that was compiled to CommonJS. */
export function isCompiledModule({ module, path }: Address): boolean {
  if (path.length > 0 || !module.startsWith('file:')) return false;
  const exports = loadedCommonJs()[process.getBuiltinModule('node:url').fileURLToPath(module)]?.exports as unknown;
  return (exports as { __esModule?: unknown } | null | undefined)?.__esModule === true;
}

/** Returns the exports object from which the namespace of a built-in or CommonJS module was made. */
export function commonJsOfNamespace(namespace: object): unknown {
  for (const [value, path] of membersOf(namespace)) if (path.length === 1 && path[0] === 'default') return value;
  return undefined;
}
