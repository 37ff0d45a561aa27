/** The library's own classes and functions: always by reference, even from a copy that was bundled into a user's file. */
import { Address } from './address.ts';

const byValue = new Map<unknown, Address>();
const byName = new Map<string, unknown>();
const loaders = new Map<string, () => void>();

/** What modules export, by their paths in src/. */
type Modules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const PART = 'multiproc/part/';
const parts = new Map<string, () => Modules>();
let loadPart: ((name: string) => Modules) | undefined;

/**
 * Makes the functions and objects that a door exports travel by reference; the receiver looks them up among what it registered itself.
 * Called by each door with its namespace and specifier.
 */
export function registerOwnExports(namespace: object, specifier: string): void {
  for (const [name, value] of Object.entries(namespace)) {
    byName.set(`${specifier} ${name}`, value);
    const isReferable = typeof value === 'function' || (typeof value === 'object' && value !== null);
    if (isReferable && !byValue.has(value)) byValue.set(value, Address.of('own', specifier, [name]));
  }
  byValue.set(namespace, Address.of('own', specifier, []));
  byName.set(`${specifier} `, namespace);
}

/** What is missing of `specifier` is looked for again after `load`, which registers it. */
export function registerOwnLoader(specifier: string, load: () => void): void {
  loaders.set(specifier, load);
}

/** Says what the modules of a part export, and how another one is loaded: each part of `dist/` calls it, which scripts/parts.mjs sees to. */
export function registerOwnPart(name: string, modules: () => Modules, load: (name: string) => Modules): void {
  parts.set(name, modules);
  loadPart = load;
}

/** The functions that modules of ours export, by part. */
const internal = new Map<string, Map<unknown, Address>>();

/** The address of a function that a module of ours exports, though no door does. */
export function internalAddress(fn: object): Address | undefined {
  for (const [part, modules] of parts) {
    let known = internal.get(part);
    if (known === undefined) internal.set(part, (known = functionsOf(part, modules())));
    const address = known.get(fn);
    if (address !== undefined) return address;
  }
  return undefined;
}

function functionsOf(part: string, modules: Modules): Map<unknown, Address> {
  const found = new Map<unknown, Address>();
  for (const [module, exported] of Object.entries(modules)) {
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value === 'function') found.set(value, Address.of('own', `${PART}${part}`, [module, name]));
    }
  }
  return found;
}

/** The address of an export of ours. */
export function ownAddress(value: unknown): Address | undefined {
  return byValue.get(value);
}

/** The export of ours at an address; undefined where this copy of the library has none. */
export function ownExport({ module, path }: Pick<Address, 'module' | 'path'>): unknown {
  if (module.startsWith(PART)) {
    const [of = '', exported = ''] = path;
    return loadPart?.(module.slice(PART.length))[of]?.[exported];
  }
  const name = `${module} ${path[0] ?? ''}`;
  if (!byName.has(name)) loaders.get(module)?.();
  return byName.get(name);
}
