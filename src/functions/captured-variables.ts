/** Finds out how the variables of a function are sent: as values, as addresses, or as cells. */

import { isSharedObject } from '../codec/extension.ts';
import { holdsPrivateNames } from '../codec/private-names.ts';
import { types } from '../engine/builtins.ts';
import { isMade } from '../engine/is-made.ts';
import { HERE, PARENT } from './added-names.ts';
import type { Address } from './address.ts';
import { builtinAddress } from './builtin-references.ts';
import { refuseBundle } from './bundled-names.ts';
import { Cell } from './cell.ts';
import { EmptyWeak } from './empty-weak.ts';
import { isEntryScript } from './entry-script.ts';
import type { CutFunction, Variable } from './function-image.ts';
import { Here, RequireOf } from './here.ts';
import { importedFrom, isOfProcess, isOwnRequire, packageThatMade, wrappedExports } from './import-bindings.ts';
import type { LiveScope } from './inspector.ts';
import { isInPackage } from './installed-package.ts';
import { interned } from './interned.ts';
import { assignedExport } from './live-imports.ts';
import { LiveNamespace } from './live-namespace.ts';
import { loadedCommonJs } from './module-cache.ts';
import { commonJsOfNamespace, exportsObject, isCompiledModule } from './module-references.ts';
import { originOf } from './origins.ts';
import { ownAddress } from './own-exports.ts';
import { privateData } from './private-data.ts';
import { isCompiledHere, isOfProgram, loadsLibrary } from './program-modules.ts';
import { type NamespaceMember, ProgramNamespace } from './program-namespace.ts';
import { Refusal } from './refusal.ts';
import { scopeInstance } from './scope-instance.ts';
import { type Binding, firstValueOf, initializerOf, type Scope } from './scopes.ts';
import type { Script } from './script.ts';
import { SentSymbol } from './sent-symbol.ts';
import { SharedVariable } from './shared-variable.ts';
import { isStandIn } from './stand-in.ts';

/** One name of an image, and what is sent for it. */
export interface CapturedValue {
  readonly name: string;
  /** The cell that carries the value, for a variable that is one. */
  readonly cell: Cell | undefined;
  readonly value: unknown;
  /** Where the receiver finds the value, if it cannot be sent. */
  readonly otherwise: Address | undefined;
  /** The package with which the script made the value. */
  readonly madeWith: string | undefined;
  /** The variable, if functions that arrive share it. */
  readonly shared: SharedVariable | undefined;
}

/** A function, its script, and the variables around it as V8 shows them. */
interface Surrounded {
  readonly fn: object;
  readonly script: Script;
  readonly scopes: readonly LiveScope[];
}

/** A value as it is sent, and where the receiver finds it if it cannot be sent. */
type Travelling = Pick<CapturedValue, 'value' | 'otherwise'>;

/** By instance of a scope. */
const cells = new WeakMap<object, Map<Binding, Cell>>();

/** Reads all names of a function's image; `hasItself` says whether the receiver has a function itself. */
export function captureVariables(
  at: Surrounded,
  cut: CutFunction,
  hasItself: (fn: object) => boolean,
): CapturedValue[] {
  const { fn, script, scopes } = at;
  return cut.image.names.map((name) => {
    const variable = cut.variables.get(name);
    const asItIs = (value: unknown) => capturedAsItIs(name, value);
    if (variable === undefined) return asItIs(addedValue(name, fn, script));
    if (variable.live !== undefined) return asItIs(variable.live.module);
    const live = liveValue(variable, scopes, script);
    const { value, otherwise } = travelling(variable, live, at, hasItself);
    const cell = variable.isCell && variable.binding ? (cellOf(variable.binding, scopes) ?? new Cell()) : undefined;
    const madeWith = variable.binding ? packageThatMade(variable.binding, script) : undefined;
    // The replacement of some members of a module is a new object each time.
    const isItself = value === live || typeof live === 'symbol' || cell !== undefined;
    const shared = isItself ? sharedVariable(variable, value, at) : undefined;
    return { name, cell, value, otherwise, madeWith, shared };
  });
}

/** Returns a name whose value is sent as it is. */
export function capturedAsItIs(name: string, value: unknown, shared?: SharedVariable): CapturedValue {
  return { name, cell: undefined, value, otherwise: undefined, madeWith: undefined, shared };
}

/** Returns true if a scope has only one instance, in a script of this program's own. */
export function isTopLevel(scope: Scope, script: Script, fn: object): boolean {
  // Functions of another context of `vm` may be of a script that was run in several.
  return scope.single && script.isMainContext && fn instanceof Function;
}

/** Returns true if what travels for a constant is data, which its receivers may change, or tell from other data: not what goes by reference. */
export function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isSharedObject(value)) return false;
  return value instanceof SentSymbol ? value.isUnique : !isStandIn(value);
}

const sharedVariables = new WeakMap<Binding, SharedVariable>();

function sharedVariable(
  { binding, isCell }: Pick<Variable, 'binding' | 'isCell'>,
  value: unknown,
  { fn, script, scopes }: Surrounded,
): SharedVariable | undefined {
  if (binding === null || !isTopLevel(binding.scope, script, fn)) return undefined;
  // Functions say themselves whether they are shared.
  if (!isCell && !isData(value)) return undefined;
  const known = sharedVariables.get(binding);
  if (known !== undefined && (isCell || known.now === value)) return known;
  const isHidden = !isCell && (script.isModule || scopeOf(binding.name, scopes)?.description.startsWith('Closure'));
  const isPrivate = isHidden ? privateData(binding, script, value) : undefined;
  const variable = new SharedVariable(binding.name, isCell, isCell ? undefined : value, { isPrivate });
  sharedVariables.set(binding, variable);
  return variable;
}

const scanned = new WeakSet<Script>();
const makesData = /^(ObjectExpression|ArrayExpression|NewExpression)$/;

/** Makes the constants at the top level of a script known, once: each may be found inside of another one before a function uses it. */
export function shareConstants(at: Surrounded): void {
  const { fn, script, scopes } = at;
  const { program } = script.scopes;
  if (scanned.has(script) || !isTopLevel(program, script, fn)) return;
  scanned.add(script);
  for (const binding of program.names.values()) {
    if (binding.assigned || !makesData.test(firstValueOf(binding)?.type ?? '')) continue;
    sharedVariable({ binding, isCell: false }, valueIfThere(binding.name, scopes), at);
  }
}

function valueIfThere(name: string, scopes: readonly LiveScope[]): unknown {
  try {
    return scopeOf(name, scopes)?.object[name];
  } catch {
    return undefined; // not initialised yet
  }
}

function addedValue(name: string, fn: object, script: Script): unknown {
  if (name === PARENT) return travellingObject(Object.getPrototypeOf(fn) as object);
  if (name === HERE) return Here.of(script.base);
  throw new Error(`nothing is known of ${name}`);
}

/** Returns true if an assigned variable can be shared by the functions that use it. */
export function isShareable(binding: Binding, scopes: readonly LiveScope[]): boolean {
  return scopeInstance(binding, scopeOf(binding.name, scopes)) !== undefined;
}

function cellOf(binding: Binding, scopes: readonly LiveScope[]): Cell | undefined {
  const instance = scopeInstance(binding, scopeOf(binding.name, scopes));
  if (instance === undefined) return undefined;
  const ofInstance = interned(cells, instance, () => new Map<Binding, Cell>());
  return interned(ofInstance, binding, () => new Cell());
}

/** Returns true if a name that the script does not declare is a variable: of a module's wrapper, or of another script. */
export function isVariable(name: string, scopes: readonly LiveScope[]): boolean {
  return scopeOf(name, scopes) !== undefined || isScriptGlobal(name);
}

function scopeOf(name: string, scopes: readonly LiveScope[]): LiveScope | undefined {
  return scopes.find(({ description, object }) => description !== 'Global' && Object.hasOwn(object, name));
}

/** `var` and functions of a classic script (`node -e`) are properties of the global object that cannot be deleted. */
function isScriptGlobal(name: string): boolean {
  // Of what a script has declared, all can be enumerated.
  if (!isMade(name) && !Object.prototype.propertyIsEnumerable.call(globalThis, name)) return false;
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  if (descriptor?.configurable === false) return !['undefined', 'NaN', 'Infinity'].includes(name);
  // `node -e` makes these global.
  return descriptor !== undefined && ['require', 'module', 'exports', '__filename', '__dirname'].includes(name);
}

function liveValue({ name, binding }: Variable, scopes: readonly LiveScope[], script: Script): unknown {
  const scope = scopeOf(name, scopes);
  if (scope === undefined) {
    if (binding === null || isScriptGlobal(name)) return (globalThis as Record<string, unknown>)[name];
    const init = initializerOf(binding);
    // Computed keys of a class are not closures, so V8 does not keep their variables; constants are known nevertheless.
    if (init?.type === 'Literal' && !binding.assigned) return init.value;
    throw new Refusal(`V8 no longer has its variable ${name}; use it inside a function of the same scope, or pass it`);
  }
  let value: unknown;
  try {
    value = scope.object[name];
  } catch {
    throw uninitialised(name);
  }
  // Node 20 shows a variable that is not initialised yet as undefined.
  if (value === undefined && binding !== null && neverUndefined(binding, script)) throw uninitialised(name);
  return value;
}

function uninitialised(name: string): Refusal {
  return new Refusal(
    `its variable ${name} is not initialised yet: send the function after the line that declares ${name}`,
  );
}

const somethings =
  /^(Literal|TemplateLiteral|ObjectExpression|ArrayExpression|NewExpression|ClassExpression|(Arrow)?FunctionExpression)$/;

function neverUndefined(binding: Binding, script: Script): boolean {
  if (binding.kind === 'class') return !binding.assigned;
  if (binding.kind !== 'const' || binding.scope !== script.scopes.program) return false;
  return somethings.test(firstValueOf(binding)?.type ?? '');
}

/** Returns what is sent for a variable of a function that arrived here: what it arrived as, if that says more than the value. */
export function travellingOn(value: unknown): unknown {
  if (typeof value === 'symbol') return SentSymbol.for(value);
  if (typeof value !== 'object' || value === null) return value;
  if (types.isWeakMap(value) || types.isWeakSet(value)) return EmptyWeak.for(value);
  return originOf(value) ?? value;
}

/** Returns what is written for a variable. */
function travelling(
  variable: Variable,
  value: unknown,
  at: Surrounded,
  hasItself: (fn: object) => boolean,
): Travelling {
  const { script } = at;
  const asItIs = (value: unknown): Travelling => ({ value, otherwise: undefined });
  if (typeof value === 'symbol') return asItIs(SentSymbol.for(value));
  const { name, binding, members } = variable;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    // Constants travel by value, but for those that say something of the process: `pid`, `isMainProcess`.
    return asItIs((binding && isOfProcess(binding) && importedFrom(binding, script)) || value);
  }
  // The same in every process, wherever it was made.
  if (isSharedObject(value)) return asItIs(value);
  refuseOwnObject(name, value);
  refuseBundle(name, value);
  const isOwn = binding === null ? name === 'require' : isRequire(value) && isOwnRequire(binding, script);
  if (isOwn && typeof value === 'function') return asItIs(RequireOf.for(script.base));
  const imported = (binding && importedFrom(binding, script)) || undefined;
  if (imported && isOfProgram(imported)) return ofProgram(variable, value, imported, at);
  const isNamespace = types.isModuleNamespaceObject(value);
  // That of a CommonJS module has more than the exports that it was made of: `default`.
  if (isNamespace && imported?.kind === 'import' && ownAddress(value) === undefined) return asItIs(imported);
  const known = isMadeHere(binding) ? ownAddress(value) : travellingObject(value);
  if (known !== value && known !== undefined) return asItIs(known);
  if (imported && (typeof value !== 'function' || goesByImport(value, imported, hasItself))) return asItIs(imported);
  const isExports = binding === null && name === 'exports';
  if (members && (isNamespace || isExports || looksLikeNamespace(value))) {
    const exports = binding && wrappedExports(binding, script);
    const isWhole = exports && (!members.includes('default') || isCompiledModule(exports));
    return asItIs(isWhole && !isOfProgram(exports) ? exports : pick(value as Record<string, unknown>, members));
  }
  const namespace = looksLikeNamespace(value) ? LiveNamespace.for(value) : undefined;
  if (namespace !== undefined) return asItIs(namespace);
  // Their keys are objects of this process. Compilers keep private names (`#x`) of classes in them.
  if (types.isWeakMap(value) || types.isWeakSet(value)) return asItIs(EmptyWeak.for(value));
  if (isNamespace) throw new Refusal(`its variable ${name} is a module whose file is unknown; use its members by name`);
  return asItIs(value);
}

/**
 * Returns true if a function is sent as what an import names: a package may complete in one file what it has made in another, or make a function
 * that no file exports as such. Of other modules a function says itself where it was written, which is surer than what a specifier means.
 */
function goesByImport(fn: object, { kind, module }: Address, hasItself: (fn: object) => boolean): boolean {
  return kind !== 'builtin' && (isInPackage(module) || !hasItself(fn));
}

/** Returns what is sent of a module of the program: the value, in which each function says itself how it is sent. */
function ofProgram({ members }: Variable, value: object, imported: Address, at: Surrounded): Travelling {
  const otherwise = isCompiledHere(imported.module) ? undefined : imported;
  const isWhole = types.isModuleNamespaceObject(value) || (imported.path.length === 0 && isPlain(value));
  if (!isWhole) return { value, otherwise };
  const picked = pick(value as Record<string, unknown>, members ?? Object.keys(value));
  if (!types.isModuleNamespaceObject(value) || imported.kind !== 'import') return { value: picked, otherwise };
  const looks = Object.entries(picked).map(([name, now]): NamespaceMember => {
    const binding = assignedExport(imported.module, name);
    const variable = binding && sharedVariable({ binding, isCell: true }, now, { ...at, scopes: [] });
    return { name, value: now, variable };
  });
  const isFixed = looks.every(({ variable }) => variable === undefined);
  return { value: isFixed ? picked : new ProgramNamespace(looks), otherwise };
}

/** Refuses an object of this library that is not shared, a pool for example: one that the receiver made would be another. */
function refuseOwnObject(name: string, value: object): void {
  if (typeof value === 'function') return;
  const cls: unknown = (value as { constructor?: unknown }).constructor;
  if (typeof cls !== 'function' || ownAddress(cls) === undefined || !holdsPrivateNames(cls)) return;
  const instead = /Pool$/.test(cls.name) ? ': call a function that pool.wrap() made' : '';
  throw new Refusal(`its variable ${name} is a ${cls.name}, which stays in the process that made it${instead}`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isRequire(value: object): boolean {
  return typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'cache')?.value === loadedCommonJs();
}

/** Returns true if the declaration itself makes the object: nobody else has it, so there is nothing to look up. */
function isMadeHere(binding: Binding | null): boolean {
  return binding?.assigned === false && somethings.test(firstValueOf(binding)?.type ?? '');
}

/** Returns the address of a value that every receiver has; returns any other value unchanged. */
function travellingObject(value: object): unknown {
  const own = originOf(value) ?? ownAddress(value);
  if (own !== undefined) return own;
  // Functions say themselves where they are from, and lists and collections are data.
  if (typeof value === 'function' || Array.isArray(value) || types.isMap(value) || types.isSet(value)) return value;
  const builtin = builtinAddress(value) ?? exportsObject(value, goesByValue);
  if (builtin !== undefined || !types.isModuleNamespaceObject(value)) return builtin ?? value;
  const original = commonJsOfNamespace(value);
  if (typeof original !== 'object' || original === null) return value;
  return builtinAddress(original) ?? exportsObject(original, goesByValue) ?? value;
}

function goesByValue(url: string): boolean {
  return isEntryScript(url) || loadsLibrary(url) || isCompiledHere(url);
}

/** Bundlers and test runners make objects with getters in place of namespaces; the default export may be a plain property. */
function looksLikeNamespace(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  const { default: original, ...exports } = Object.getOwnPropertyDescriptors(value) as Record<
    string,
    PropertyDescriptor
  >;
  if (
    (exports as Record<symbol, PropertyDescriptor>)[Symbol.toStringTag]?.value === 'Module' ||
    '__esModule' in exports
  )
    return true;
  const all = Object.values(exports);
  return (
    (all.length > 0 || original !== undefined) && all.every(({ get, set }) => get !== undefined && set === undefined)
  );
}

function pick(from: Record<string, unknown>, members: readonly string[]): Record<string, unknown> {
  // A member may be called anything, `__proto__` too.
  return Object.fromEntries(
    members.map((member) => {
      const value = from[member];
      return [member, typeof value === 'object' && value !== null ? travellingObject(value) : value];
    }),
  );
}
