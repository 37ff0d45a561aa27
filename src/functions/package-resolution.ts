/** Resolves a specifier as `import` or `require` in a given file would, synchronously and without loading anything. */

import { createRequire } from 'node:module';
import { dirname, fs } from '../engine/builtins.ts';
import { foldersUp } from '../engine/folders-up.ts';

/** Returns a `file:` or `node:` URL; `undefined` if nothing is found. */
export function resolveImport(specifier: string, base: string, kind: 'import' | 'require'): string | undefined {
  const { builtinModules } = process.getBuiltinModule('node:module');
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  try {
    const required = () => pathToFileURL(createRequire(base).resolve(specifier)).href;
    if (kind === 'require') return required();
    if (/^(\.{1,2}\/|\/|[a-z][a-z0-9+.-]+:)/i.test(specifier)) return new URL(specifier, base).href;
    return importedPackage(specifier, base) ?? required();
  } catch {
    return undefined;
  }
}

interface PackageJson {
  readonly name?: string;
  readonly exports?: unknown;
  readonly imports?: Record<string, unknown>;
}

const conditions = new Set(['node', 'import', 'module-sync', 'node-addons', 'default']);

/** Returns the file that `import` gets from a package that has `exports`: not always the one that `require` gets. */
function importedPackage(specifier: string, base: string): string | undefined {
  const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url');
  const { join } = process.getBuiltinModule('node:path');
  const [, name = specifier, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
  const read = (folder: string): PackageJson | undefined => {
    const file = join(folder, 'package.json');
    return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as PackageJson) : undefined;
  };
  const found = (folder: string, target: string) => pathToFileURL(fs.realpathSync(join(folder, target))).href;
  let atOwn = true;
  for (const folder of foldersUp(dirname(fileURLToPath(base)))) {
    const own = atOwn ? read(folder) : undefined;
    if (own !== undefined) {
      atOwn = false;
      const isSelf = own.name === name && own.exports !== undefined;
      const target = name.startsWith('#')
        ? matchTarget(own.imports ?? {}, specifier)
        : isSelf
          ? matchExports(own.exports, rest)
          : undefined;
      if (target?.startsWith('./')) return found(folder, target);
      if (name.startsWith('#')) return target === undefined ? undefined : resolveImport(target, base, 'import');
    }
    const installed = join(folder, 'node_modules', name);
    const description = read(installed);
    if (description !== undefined) {
      const target = description.exports === undefined ? undefined : matchExports(description.exports, rest);
      return target === undefined ? undefined : found(installed, target);
    }
  }
  return undefined;
}

function matchExports(exports: unknown, rest: string): string | undefined {
  const isMap = typeof exports === 'object' && exports !== null && !Array.isArray(exports);
  const hasPaths = isMap && Object.keys(exports).some((key) => key.startsWith('.'));
  return matchTarget(hasPaths ? (exports as Record<string, unknown>) : { '.': exports }, `.${rest}`);
}

function matchTarget(table: Record<string, unknown>, path: string): string | undefined {
  if (Object.hasOwn(table, path)) return chooseTarget(table[path], '');
  let best: [pattern: string, matched: string] | undefined;
  for (const pattern of Object.keys(table)) {
    const [before = '', after] = pattern.split('*');
    if (after === undefined || !path.startsWith(before) || !path.endsWith(after)) continue;
    if (path.length < before.length + after.length || (best && best[0].length >= pattern.length)) continue;
    best = [pattern, path.slice(before.length, path.length - after.length)];
  }
  return best && chooseTarget(table[best[0]], best[1]);
}

function chooseTarget(target: unknown, matched: string): string | undefined {
  if (typeof target === 'string') return target.replaceAll('*', matched);
  if (Array.isArray(target)) return chooseTarget(target[0], matched);
  for (const [condition, inner] of Object.entries((target as object | null) ?? {})) {
    if (!conditions.has(condition)) continue;
    const chosen = chooseTarget(inner, matched);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}
