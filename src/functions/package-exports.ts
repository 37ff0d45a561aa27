/** Finds where an installed package exports a function, in whichever of its files the function was written. */
import { createRequire } from 'node:module';
import { Address, isObject, membersOf } from './address.ts';
import { moduleAt } from './inspector.ts';
import { type InstalledPackage, packageAt } from './installed-package.ts';
import { loadedCommonJs } from './module-cache.ts';
import { resolveImport } from './package-resolution.ts';

interface Index {
  readonly addresses: ReadonlyMap<object, Address>;
  /** The number of modules that it was made of. */
  readonly size: number;
}

const indexes = new Map<string, Index>();

/** Returns the address of a function among the exports of the package that `url` leads into: that of the whole package, if that has it. */
export function packageExport(fn: object, url: string): Address | undefined {
  const owner = packageAt(url);
  if (owner === undefined) return undefined;
  const paths = commonJsOf(owner);
  let index = indexes.get(owner.folder);
  if (index?.size !== paths.length) indexes.set(owner.folder, (index = makeIndex(owner, url, paths)));
  return index.addresses.get(fn);
}

/** Returns the files of its loaded CommonJS modules, those near its root first. */
function commonJsOf({ folder }: InstalledPackage): string[] {
  const within = process.getBuiltinModule('node:url').fileURLToPath(folder);
  const paths = Object.keys(loadedCommonJs()).filter(
    (path) => path.startsWith(within) && loadedCommonJs()[path]?.loaded,
  );
  return paths.sort((a, b) => a.length - b.length);
}

function makeIndex({ name }: InstalledPackage, url: string, paths: readonly string[]): Index {
  const { pathToFileURL, fileURLToPath } = process.getBuiltinModule('node:url');
  const addresses = new Map<object, Address>();
  const add = (kind: 'import' | 'require', module: string, exports: unknown) => {
    if (!isObject(exports)) return;
    for (const [value, path] of membersOf(exports)) {
      if (typeof value !== 'function' || addresses.has(value) || path.at(-1) === 'constructor') continue;
      addresses.set(value, Address.of(kind, module, path));
    }
  };
  const main = resolveImport(name, url, 'import');
  // It was loaded, so this runs nothing.
  if (main !== undefined && moduleAt([main]) !== undefined) add('import', main, namespaceOf(main));
  const required = resolveImport(name, url, 'require');
  const first = required?.startsWith('file:') ? fileURLToPath(required) : undefined;
  const inOrder = first === undefined ? paths : [first, ...paths];
  for (const path of inOrder) {
    const module = loadedCommonJs()[path];
    if (module?.loaded) add('require', pathToFileURL(path).href, module.exports);
  }
  return { addresses, size: paths.length };
}

function namespaceOf(url: string): unknown {
  try {
    return createRequire(url)(process.getBuiltinModule('node:url').fileURLToPath(url));
  } catch {
    return undefined; // with top-level await: its functions say themselves where they are from
  }
}
