/** The library's own classes and functions: sent by reference, even from a copy that was bundled into a user's file. */
import { Address, isObject } from './address.ts';
import { interned } from './interned.ts';

const byValue = new Map<unknown, Address>();
const byName = new Map<string, unknown>();
const loaders = new Map<string, () => void>();

/** What modules export, by their paths in src/. */
type Modules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const PART = 'multiproc/part/';
const parts = new Map<string, () => Modules>();
let loadPart: ((name: string) => Modules) | undefined;

/**
 * Makes the functions and objects that a door exports be sent by reference; the receiver looks them up among its own.
 * Called by each door with its namespace and specifier.
 */
export function registerOwnExports(namespace: object, specifier: string): void {
  registerOwnNames(namespace, specifier);
  byValue.set(namespace, Address.of('own', specifier, []));
  byName.set(`${specifier} `, namespace);
}

/** Makes some of the exports of a door be sent by reference before the door is loaded. */
export function registerOwnNames(names: object, specifier: string): void {
  for (const [name, value] of Object.entries(names)) {
    byName.set(`${specifier} ${name}`, value);
    if (isObject(value) && !byValue.has(value)) byValue.set(value, Address.of('own', specifier, [name]));
  }
  methods = undefined;
}

/** Sets `load`, which registers the exports of `specifier` when the first of them is looked up. */
export function registerOwnLoader(specifier: string, load: () => void): void {
  loaders.set(specifier, load);
}

/** Registers the exports of the modules of a part, and how another part is loaded. Each part of `dist/` calls it; scripts/parts.mjs adds the call. */
export function registerOwnPart(name: string, modules: () => Modules, load: (name: string) => Modules): void {
  parts.set(name, modules);
  loadPart = load;
}

/** The functions that modules of ours export, by part. */
const internal = new Map<string, Map<unknown, Address>>();

/** Returns the address of a function that a module of the library exports, but no door. */
export function internalAddress(fn: object): Address | undefined {
  for (const [part, modules] of parts) {
    const address = interned(internal, part, () => functionsOf(part, modules())).get(fn);
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

let methods: Map<unknown, Address> | undefined;

/** Returns the address of a method of a class that a door exports, its own or an inherited one. */
export function ownMethod(fn: object): Address | undefined {
  methods ??= methodsOfExports();
  return methods.get(fn);
}

function methodsOfExports(): Map<unknown, Address> {
  const found = new Map<unknown, Address>();
  for (const [value, { module, path }] of byValue) {
    if (typeof value !== 'function' || typeof value.prototype !== 'object') continue;
    const add = (holder: object, steps: readonly string[]) => {
      for (const [name, { value: member }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
        if (typeof member === 'function' && name !== 'constructor' && !found.has(member))
          found.set(member, Address.of('own', module, [...path, ...steps, name]));
      }
    };
    add(value, []);
    for (let at = value.prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
      add(at, ['prototype']);
  }
  return found;
}

/** Returns the address of an export of ours. */
export function ownAddress(value: unknown): Address | undefined {
  return byValue.get(value);
}

/** Returns the export of the library at an address; `undefined` if this copy of the library has none. */
export function ownExport({ module, path }: Pick<Address, 'module' | 'path'>): unknown {
  if (module.startsWith(PART)) {
    const [of = '', exported = ''] = path;
    return loadPart?.(module.slice(PART.length))[of]?.[exported];
  }
  const name = `${module} ${path[0] ?? ''}`;
  if (!byName.has(name)) loaders.get(module)?.();
  let value = byName.get(name);
  for (const step of path.slice(1)) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}
