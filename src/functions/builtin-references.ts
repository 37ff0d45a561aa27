/** Functions and objects of JavaScript and Node: every process has them, so they are sent by their path. */
import { isMade } from '../engine/is-made.ts';
import { loadedModules } from '../engine/loaded-modules.ts';
import { Address, membersOf } from './address.ts';
import { ownIntrinsic } from './realms.ts';

let index: Map<unknown, Address> | undefined;
/** The number of modules inside Node that were loaded when the index was made. */
let loadedThen = 0;

/** Returns the address of a built-in function, class or object. Looks only at modules that are loaded, and makes nothing that Node has not made. */
export function builtinAddress(ofAnyRealm: object): Address | undefined {
  index ??= globalIndex();
  const value = ownIntrinsic(ofAnyRealm);
  const address = index.get(value) ?? lazyGlobal(value);
  if (address !== undefined) return address;
  const loaded = loadedModules().size;
  if (loaded === loadedThen) return undefined;
  loadedThen = loaded;
  addGlobals(index);
  addLoadedModules(index);
  return index.get(value);
}

/** Returns the built-in function of which Node itself made this promisified one: `execFile` for `promisify(execFile)`. */
export function promisifiedBuiltin(fn: object): object | undefined {
  const { custom } = process.getBuiltinModule('node:util').promisify;
  for (const value of index?.keys() ?? []) {
    if (typeof value === 'function' && Object.getOwnPropertyDescriptor(value, custom)?.value === fn) return value;
  }
  return undefined;
}

function globalIndex(): Map<unknown, Address> {
  const found = new Map<unknown, Address>();
  addGlobals(found);
  // Two are getters, and used too often to be left to lazyGlobal().
  for (const name of ['process', 'Buffer'] as const) {
    for (const [value, path] of membersOf(globalThis[name])) addTo(found, value, 'global', '', [name, ...path]);
  }
  return found;
}

/** The globals that were there when the index was made: what a program adds later is not Node's. */
let names: ReadonlySet<string> | undefined;
/** Globals whose members are in the index. */
const indexed = new Set<string>();

/** Adds those globals that were not made before. */
function addGlobals(found: Map<unknown, Address>): void {
  const known = (names ??= new Set(Object.getOwnPropertyNames(globalThis)));
  const isNew = (name: string) => known.has(name) && !indexed.has(name) && isMade(name);
  for (const [value, path] of membersOf(globalThis, isNew)) {
    if (path.length === 1) indexed.add(path[0] as string);
    // Variables of a script are not configurable; what a program assigns to globalThis can be enumerated. Both are the user's.
    if (path[0] === undefined || isPartOfNode(path[0])) addTo(found, value, 'global', '', path);
  }
}

const enumerable = new Set([
  ...['global', 'clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout'],
  ...['queueMicrotask', 'structuredClone', 'atob', 'btoa', 'performance', 'fetch', 'crypto', 'navigator'],
]);

function isPartOfNode(name: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  return descriptor?.configurable === true && (!descriptor.enumerable || enumerable.has(name));
}

/** Globals that Node makes on first use: found by their own name, so that the others are left alone. */
function lazyGlobal(value: object): Address | undefined {
  const named =
    typeof value === 'function' ? value.name : (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (typeof named !== 'string' || named === '') return undefined;
  for (const name of [named, named.toLowerCase()]) {
    if (!isMade(name)) continue;
    const { get, value: made } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {};
    if (isPartOfNode(name) && (get === undefined ? made : get.call(globalThis)) === value)
      return Address.of('global', '', [name]);
  }
  return undefined;
}

function addLoadedModules(found: Map<unknown, Address>): void {
  const loaded = loadedModules();
  for (const name of process.getBuiltinModule('node:module').builtinModules) {
    const bare = name.replace(/^node:/, '');
    if (bare.startsWith('_') || !loaded.has(bare)) continue;
    // Old names for other modules, which warn.
    if (bare === 'sys' || bare === 'punycode') continue;
    const module = process.getBuiltinModule(`node:${bare}`) as unknown as object | undefined;
    if (module === undefined) continue;
    for (const [value, path] of membersOf(module, isMade)) addTo(found, value, 'builtin', `node:${bare}`, path);
  }
}

function addTo(
  found: Map<unknown, Address>,
  value: unknown,
  kind: 'global' | 'builtin',
  module: string,
  path: readonly string[],
): void {
  // Lists (process.argv) are data. The internals of node:module, and process.mainModule, lead to the program's own objects.
  const isReferable =
    typeof value === 'function' || (typeof value === 'object' && value !== null && !Array.isArray(value));
  if (!isReferable || found.has(value)) return;
  if (path.some((name) => name.startsWith('_') || name === 'mainModule')) return;
  found.set(value, Address.of(kind, module, path));
}
