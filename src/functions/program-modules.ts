/**
 * Which modules belong to the program rather than to what it uses: those that load this library, themselves or by what they import.
 * Running such a module again may start the program again, and makes other queues and locks than those of the program.
 */
import { fs } from '../engine/builtins.ts';
import { mayCompile } from '../engine/node-options.ts';
import type { Address } from './address.ts';
import { InspectorRefusal, moduleAt } from './inspector.ts';
import { isInPackage, packageAt } from './installed-package.ts';
import { interned } from './interned.ts';
import { resolveImport } from './package-resolution.ts';

/** `from '…'`, `import '…'`, `import('…')`, `require('…')`. What stands in a comment counts too: then something is copied that need not be. */
const specifier = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])([^'"`\n]+)\1/g;
const ownName = /^multiproc(\/|$)/;

/** By URL. */
const known = new Map<string, boolean>();
const imports = new Map<string, readonly string[]>();

/** Returns true if an address leads into such a module, or into one that a receiver could not load. */
export function isOfProgram({ kind, module }: Address): boolean {
  return (kind === 'import' || kind === 'require') && (loadsLibrary(module) || isCompiledHere(module));
}

let isCompiling: boolean | undefined;

/**
 * Returns true if a module is TypeScript that was compiled inside this process, as `ts-node x.ts` does: a receiver starts without that compiler.
 * A receiver has the options of node's command line too.
 */
export function isCompiledHere(url: string): boolean {
  const [extension] = /\.([cm]?ts|[jt]sx)$/.exec(url) ?? [];
  if (extension === undefined) return false;
  if ((isCompiling ??= mayCompile())) return false;
  // A Node that strips types itself has no entry here: a hook does.
  const { _extensions } = process.getBuiltinModule('node:module') as unknown as { _extensions: object };
  const isNative = (process.features as { typescript?: unknown }).typescript && !Object.hasOwn(_extensions, extension);
  return !isNative || isTurnedIntoScript(url);
}

const scripts = new Map<string, boolean>();

/** Returns true if a file says `import` or `export`, and what runs of it is no module: `jiti` makes CommonJS of it, without a hook that shows. */
function isTurnedIntoScript(url: string): boolean {
  const isText = () => /^\s*(import|export)\b(?!\s*[(.])/m.test(readModule(url) ?? '');
  return interned(scripts, url, () => isText() && !isRunAsModule(url));
}

function isRunAsModule(url: string): boolean {
  try {
    return moduleAt(spellings(url)) !== undefined;
  } catch (error) {
    // Without the inspector this cannot be known.
    if (error instanceof InspectorRefusal) return true;
    throw error;
  }
}

/** Returns true if the module at a `file:` URL loads this library. Reads files and loads nothing. */
export function loadsLibrary(url: string): boolean {
  const before = known.get(url);
  if (before !== undefined) return before;
  const seen = new Set([url]);
  for (const at of seen) {
    for (const imported of importsOf(at)) {
      if (ownName.test(imported) || known.get(imported) === true) {
        known.set(url, true);
        return true;
      }
      seen.add(imported);
    }
  }
  for (const at of seen) known.set(at, false);
  return false;
}

/** Returns the URLs of the modules that a module loads, and the specifiers of this library. */
function importsOf(url: string): readonly string[] {
  return interned(imports, url, () => (isInPackage(url) ? dependenciesOf(url) : readImports(url)));
}

function readImports(url: string): string[] {
  const text = readModule(url);
  if (text === undefined) return [];
  const found: string[] = [];
  for (const [, , wanted = ''] of text.matchAll(specifier)) {
    if (ownName.test(wanted)) return [wanted];
    const resolved = resolveImport(wanted, url, 'import') ?? resolveImport(wanted, url, 'require');
    if (resolved?.startsWith('file:')) found.push(resolved);
  }
  return found;
}

/** Returns the dependencies of a package that may load this library, by its description: reading all of its files would take long. */
function dependenciesOf(url: string): string[] {
  const owner = packageAt(url);
  const description = owner && readModule(`${owner.folder}package.json`);
  if (description === undefined) return [];
  const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(description) as Record<string, object>;
  const names = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  return names.filter((name) => ownName.test(name));
}

/** Returns the text of a file; loaders that translate may mean another one. */
export function readModule(url: string): string | undefined {
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  for (const spelling of spellings(url)) {
    try {
      return fs.readFileSync(fileURLToPath(spelling), 'utf8');
    } catch {
      // Not this one; what cannot be read at all loads nothing.
    }
  }
  return undefined;
}

/** Loaders that translate have their own ideas of names: `./a.js` may be `a.ts`, and so may `./a`. */
export function spellings(url: string): string[] {
  const [, stem = url, extension] = /^(.*?)(\.[cm]?[jt]sx?)?$/.exec(url) ?? [];
  const others =
    extension === undefined ? ['.ts', '.js', '.tsx', '/index.ts'] : [extension.replace('js', 'ts'), '.tsx'];
  return [url, ...others.map((other) => stem + other)];
}
