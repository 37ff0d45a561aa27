/** The library's own classes and functions: always by reference, even from a copy that was bundled into a user's file. */
import { Address } from './address.ts';

const byValue = new Map<unknown, Address>();
const byName = new Map<string, unknown>();
const loaders = new Map<string, () => void>();

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

/** The address of an export of ours. */
export function ownAddress(value: unknown): Address | undefined {
  return byValue.get(value);
}

/** The export of ours at an address; undefined where this copy of the library has none. */
export function ownExport({ module, path }: Address): unknown {
  const name = `${module} ${path[0] ?? ''}`;
  if (!byName.has(name)) loaders.get(module)?.();
  return byName.get(name);
}
