/**
 * Functions that ES modules export, found without V8: among the modules that the files on the stack, and the program, import. To ask for a module
 * that has run gives its namespace and runs nothing. A module that still runs, or has a top-level `await`, gives none: then the text of its exports must do.
 */

import { createRequire } from 'node:module';
import type { AnyNode } from 'acorn';
import { types } from '../engine/builtins.ts';
import { callSites } from '../engine/call-sites.ts';
import { Address, pathTo } from './address.ts';
import type { AnyFunction } from './any-function.ts';
import { entryScripts } from './entry-script.ts';
import { importedModule } from './import-module.ts';
import { isInPackage } from './installed-package.ts';
import { exportsOf } from './module-references.ts';
import { resolveImport } from './package-resolution.ts';
import { initializerOf } from './scopes.ts';
import { type Script, scriptAt } from './script.ts';
import { parseProgram } from './syntax.ts';

/** Returns the address of a function or a class among the exports of the ES modules of this program; `undefined` if that is not certain. */
export function loadedExport(fn: AnyFunction): Address | undefined {
  const text = Function.prototype.toString.call(fn);
  for (const [url, wasImported] of modulesAround(text)) {
    const script = isInPackage(url) ? undefined : scriptAt(url);
    // A package is asked for what it exports; of a file of the program the function must be, else it might run before its time.
    const written = script && writtenAs(text, script);
    if (script === undefined ? !(wasImported && isInPackage(url)) : written === undefined) continue;
    const namespace = namespaceOf(url);
    const path = namespace ? pathTo(fn, namespace) : script && written && nameOf(fn, script, written);
    if (path !== undefined) return Address.of('import', url, path);
  }
  return undefined;
}

/** Yields the URLs of the files on the stack, of the files that started the program, and of their imports; with false those that they may import later. */
function* modulesAround(text: string): Generator<[url: string, wasImported: boolean]> {
  const found = new Map<string, boolean>();
  for (const url of [...filesOnStack(), ...entryScripts()]) found.set(url, true);
  for (const [url, wasImported] of found) {
    yield [url, wasImported];
    const script = isInPackage(url) ? undefined : scriptAt(url);
    if (script === undefined) continue;
    if (wasImported) for (const imported of importedBy(script)) if (isFile(imported)) found.set(imported, true);
    for (const imported of importedLater(script)) {
      if (isFile(imported) && !found.has(imported) && scriptAt(imported)?.text.includes(text))
        found.set(imported, false);
    }
  }
}

function isFile(url: string): boolean {
  return /^file:[^?#]*$/.test(url);
}

function filesOnStack(): Set<string> {
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const found = new Set<string>();
  for (const site of callSites()) {
    const name = site.getFileName() ?? '';
    // Deno and Bun show paths.
    const url = /^(\/|[a-z]:\\)/i.test(name) ? pathToFileURL(name).href : name;
    if (isFile(url) && !name.startsWith(__dirname)) found.add(url);
  }
  return found;
}

/** Returns the modules of `import('…')`, which are loaded if that line runs. */
function importedLater({ text, base }: Script): string[] {
  const calls = text.matchAll(/\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g);
  return [...calls].flatMap(([, , specifier = '']) => resolveImport(specifier, base, 'import') ?? []);
}

/** Returns the namespace of a module that has run. */
function namespaceOf(url: string): object | undefined {
  try {
    const namespace =
      importedModule(url) ?? createRequire(url)(process.getBuiltinModule('node:url').fileURLToPath(url));
    return types.isModuleNamespaceObject(namespace) ? namespace : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the functions of a script that have exactly this text. */
function writtenAs(text: string, { scopes, text: all }: Script): readonly AnyNode[] | undefined {
  const nodes = [...scopes.functions.keys()];
  const same = nodes.filter((node) => all.slice(node.start, node.end) === text);
  if (same.length > 0) return same;
  const wanted = parsed(text);
  const alike = wanted && nodes.filter((node) => isAlike(node, wanted));
  return alike?.length ? alike : undefined;
}

function parsed(text: string): AnyNode | undefined {
  for (const [before, after] of [
    ['(', '\n)'],
    ['({', '\n})'],
  ]) {
    try {
      const [statement] = parseProgram(`${before}${text}${after}`, true).body;
      const node = statement?.type === 'ExpressionStatement' ? statement.expression : undefined;
      if (node?.type !== 'ObjectExpression') return node;
      const [property] = node.properties;
      return property?.type === 'Property' ? property.value : undefined;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

const isLoose = new Set(['start', 'end', 'raw']);

/** Returns true if two functions differ only in spaces and quotation marks, which Bun rewrites. */
function isAlike(one: unknown, other: unknown, isRoot = true): boolean {
  if (Object(one) !== one || Object(other) !== other || typeof one === 'bigint') return Object.is(one, other);
  const [left, right] = [one, other] as [Record<string, unknown>, Record<string, unknown>];
  const keys = Object.keys(left).filter((key) => !isLoose.has(key) && !(isRoot && key === 'type'));
  return keys.every((key) => isAlike(left[key], right[key], false));
}

/** Returns the name by which a script exports the only function with this text; `undefined` if there is another function with it. */
function nameOf(fn: AnyFunction, script: Script, written: readonly AnyNode[]): readonly string[] | undefined {
  const named = written.filter((node) => declaredName(node) === undefined || declaredName(node) === fn.name);
  const [node] = named;
  if (node === undefined || named.length > 1) return undefined;
  const [name] =
    exportsOf(script).find(
      ([, local]) => node === (typeof local === 'string' ? declaredValue(local, script) : local),
    ) ?? [];
  return name === undefined ? undefined : [name];
}

function declaredName(node: AnyNode): string | undefined {
  return 'id' in node && node.id?.type === 'Identifier' ? node.id.name : undefined;
}

/** Returns the function with which a variable of the top level is declared, if it is never reassigned. */
function declaredValue(name: string, { program, scopes }: Script): AnyNode | undefined {
  const binding = scopes.program.names.get(name);
  if (binding === undefined || binding.assigned) return undefined;
  const init = initializerOf(binding);
  if (init !== undefined) return init;
  for (const statement of program.body) {
    const node = 'declaration' in statement && statement.declaration ? statement.declaration : statement;
    if (declaredName(node) === name) return node;
  }
  return undefined;
}

/** Returns the URLs of the modules that a module imports by declarations: they have run before it does. */
function importedBy({ program, base }: Script): string[] {
  return program.body.flatMap((node) => {
    const source = 'source' in node ? node.source : undefined;
    return (source && resolveImport(String(source.value), base, 'import')) || [];
  });
}
