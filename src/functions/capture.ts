/** Finds out how a function is sent: by an address, as the parts of a bound function, or as an image with variables. */

import { type AnyClass, registrationOf } from '../codec/class-registry.ts';
import { isSharedObject } from '../codec/extension.ts';
import { types } from '../engine/builtins.ts';
import { Address } from './address.ts';
import type { AnyFunction } from './any-function.ts';
import { ArrivedVariable, arrivedVariable } from './arrived-variable.ts';
import { builtinAddress } from './builtin-references.ts';
import {
  type CapturedValue,
  capturedAsItIs,
  captureVariables,
  isData,
  isShareable,
  isTopLevel,
  isVariable,
  shareConstants,
  travellingOn,
} from './captured-variables.ts';
import { Cell } from './cell.ts';
import { hasHooks, hasOtherId } from './class-ids.ts';
import { contentKey } from './content-key.ts';
import { isEvaluating } from './evaluating-module.ts';
import { type CutFunction, cutFunction, type FunctionImage } from './function-image.ts';
import { type InspectedFunction, InspectorRefusal, inspectFunction, type LiveScope } from './inspector.ts';
import { packageAt } from './installed-package.ts';
import { liveImport } from './live-imports.ts';
import { loadedExport } from './loaded-exports.ts';
import { loneFunction } from './lone-function.ts';
import { noteAssignments, noteUses } from './lost-assignments.ts';
import { commonJsFunction, exportedFunction } from './module-references.ts';
import { originOf } from './origins.ts';
import { internalAddress, ownAddress, ownMethod } from './own-exports.ts';
import { packageExport } from './package-exports.ts';
import { plainFunction } from './plain-function.ts';
import { isCompiledHere, isOfProgram } from './program-modules.ts';
import { ProgramNamespace } from './program-namespace.ts';
import { originalOf, promisifyImage, promisifyKey } from './promisified.ts';
import { meetRealmOf } from './realms.ts';
import { Refusal } from './refusal.ts';
import { type Revived, revivedFunction } from './revived-functions.ts';
import { initializerOf, type Scope } from './scopes.ts';
import { isNodeScript, type PlacedFunction, placeFunction, type Script, scriptOf } from './script.ts';
import { SharedVariable } from './shared-variable.ts';

/** A function, ready to be written. */
export type Captured =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'bound'; readonly target: unknown; readonly self: unknown; readonly args: readonly unknown[] }
  | {
      readonly kind: 'image';
      readonly image: FunctionImage;
      readonly key: string;
      readonly variables: readonly CapturedValue[];
      /** Where the receiver finds the function, if its variables cannot be sent. */
      readonly otherwise: Address | undefined;
    };

interface Cut extends CutFunction {
  readonly key: string;
  /** `undefined` if it was not needed, because there are no variables. */
  readonly script: Script | undefined;
  readonly otherwise: Address | undefined;
  /** True if it is declared at the top level of its script: other functions there may use it. */
  shared: SharedVariable | undefined;
  /** The captured function; kept if no variable can change. */
  values: readonly CapturedValue[] | undefined;
}

/** `length`, `name` and `prototype`, and in sloppy mode `arguments` and `caller`. */
const UNTOUCHED_KEYS = 5;

const addresses = new WeakMap<object, Address>();
const cuts = new WeakMap<object, Cut>();

/** Finds out how a function is sent. Throws a Refusal if it cannot be sent. */
export function captureFunction(fn: AnyFunction): Captured {
  const cut = cuts.get(fn);
  if (cut !== undefined) return captureCut(fn, cut);
  const revived = revivedFunction(fn);
  if (revived !== undefined) return captureRevived(revived);
  const address = addresses.get(fn) ?? ownAddress(fn);
  if (address !== undefined) return { kind: 'address', address };
  return captureNew(fn);
}

/** Returns the variable by which other functions of its script use a function, if it is sent by value. */
export function sharedFunction(fn: AnyFunction): SharedVariable | undefined {
  let cut = cuts.get(fn);
  if (cut === undefined && !addresses.has(fn)) {
    if (revivedFunction(fn) !== undefined) return isHooked(fn) ? undefined : arrivedVariable(fn)?.sentOn(fn);
    if (originOf(fn) !== undefined || ownAddress(fn) !== undefined || isSharedObject(fn)) return undefined;
    try {
      const found = examine(fn);
      cut = found.kind === 'cut' ? found.cut : undefined;
    } catch (error) {
      // The writer reports the error.
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return cut?.shared === undefined || isHooked(fn) ? undefined : cut.shared;
}

/**
 * Returns true if capturing a function again would give the same result: it uses only constants with
 * primitives or frozen data, and it has no added properties. Takes about 100 ns; capturing and encoding again takes 20 µs and more.
 */
export function isUnchanged(fn: AnyFunction): boolean {
  if (Reflect.ownKeys(fn).length > UNTOUCHED_KEYS) return false;
  const cut = cuts.get(fn);
  if (cut === undefined) return addresses.has(fn) || ownAddress(fn) !== undefined;
  return !cut.image.hasPrivates && (cut.values?.every(staysTheSame) ?? false);
}

function staysTheSame({ value, cell, shared }: CapturedValue): boolean {
  if (Object(value) !== value) return cell === undefined;
  return typeof value === 'object' && shared?.last.content !== undefined && shared.isFixed();
}

/** Returns true if a function would be encoded as before, apart from the contents of the variables that it shares. */
function isFixed(fn: AnyFunction, cut: Cut): boolean {
  if (Reflect.ownKeys(fn).length > UNTOUCHED_KEYS || cut.image.hasPrivates || hasOtherId(fn)) return false;
  return cut.values?.every(({ value, shared }) => shared !== undefined || Object(value) !== value) ?? false;
}

function captureCut(fn: AnyFunction, cut: Cut): Captured {
  const { image, key, otherwise } = cut;
  const variables =
    cut.values ??
    captureVariables({ fn, script: cut.script as Script, scopes: inspectFunction(fn).scopes }, cut, goesByReference);
  cut.values ??= keepable(cut, variables);
  return { kind: 'image', image, key, variables, otherwise };
}

/** Returns the values, if the next send would find the same ones. An undefined value may be a `var` before its line. */
function keepable({ variables }: CutFunction, values: readonly CapturedValue[]): readonly CapturedValue[] | undefined {
  for (const { name, value } of values) {
    if (variables.get(name)?.changes || value === undefined || value instanceof ProgramNamespace) return undefined;
  }
  return values;
}

function captureRevived({ image, key, read, variables: arrivedAs }: Revived): Captured {
  const values = read();
  const variables = image.names.map((name, i) => {
    const arrived = arrivedAs?.[i];
    const value = travellingOn(values[i]);
    return capturedAsItIs(name, value, arrived instanceof ArrivedVariable ? sentOn(arrived, value) : undefined);
  });
  return { kind: 'image', image, key, variables, otherwise: undefined };
}

/** Returns the variable as it is sent on, unless it holds what goes in a way of its own. */
function sentOn(arrived: ArrivedVariable, value: unknown): SharedVariable | undefined {
  if (value instanceof Cell) return arrived.sentOn(travellingOn(value.v));
  return isData(value) ? arrived.sentOn(value) : undefined;
}

/** What is sent of a function, without the values of its variables. */
type Examined = Captured | { readonly kind: 'cut'; readonly cut: Cut };

function captureNew(fn: AnyFunction): Captured {
  const found = examine(fn);
  return found.kind === 'cut' ? captureCut(fn, found.cut) : found;
}

function examine(fn: AnyFunction): Examined {
  if (types.isProxy(fn)) throw new Refusal('it is a Proxy');
  meetRealmOf(fn);
  const inspected = inspectUnlessKnown(fn);
  if (inspected instanceof Address) return byAddress(fn, inspected);
  if (inspected.location === undefined) return captureNative(fn, inspected);
  // This comes first, since it takes less than to look through all that the library exports.
  const plain = plainFunction(fn, inspected);
  if (plain !== undefined) return { kind: 'cut', cut: noteLone(fn, cutPlain(plain), inspected) };
  const internal = internalAddress(fn) ?? ownMethod(fn);
  if (internal !== undefined) return byAddress(fn, internal);
  const lone = loneFunction(fn, inspected);
  if (lone !== undefined)
    return { kind: 'cut', cut: noteLone(fn, cutNew(lone, inspected.scopes, undefined), inspected) };
  const { scriptId, line, column } = inspected.location;
  const script = scriptOf(scriptId);
  if (isNodeScript(script)) {
    const builtin = builtinAddress(fn);
    if (builtin !== undefined) return byAddress(fn, builtin);
    const original = originalOf(fn, inspected.scopes);
    if (original === undefined) throw new Refusal('it is a function inside Node that has no public name');
    return capturePromisified(original);
  }
  const placed = placeFunction(script, fn, line, column);
  const ofPackage = script.importable === undefined ? undefined : packageExport(fn, script.importable);
  const exported = ofPackage ?? exportedFunction(fn, script, placed, inspected.scopes);
  const isEarly = exported !== undefined && script.isModule && isEvaluating(script);
  if (exported !== undefined && !isEarly && !isOfProgram(exported)) return byAddress(fn, exported);
  const otherwise = isEarly || (exported && isCompiledHere(exported.module)) ? undefined : exported;
  if (ofPackage === undefined && placed !== undefined) countPackageFile(script);
  let cut: Cut;
  try {
    if (placed === undefined) throw new Refusal(`its source cannot be found in ${script.url}`);
    shareConstants({ fn, script, scopes: inspected.scopes });
    cut = cutNew(placed, inspected.scopes, otherwise);
  } catch (error) {
    if (otherwise === undefined || !(error instanceof Refusal)) throw error;
    return byAddress(fn, otherwise.because(error.message));
  }
  // Once the module has run, the function goes by reference.
  if (!isEarly) {
    if (placed !== undefined && isDeclared(fn, placed))
      cut.shared = new SharedVariable(fn.name, false, fn, { isFixed: () => isFixed(fn, cut) });
    cuts.set(fn, cut);
  }
  return { kind: 'cut', cut };
}

/** Finds what can be found without V8, if V8 may not be asked. */
function inspectUnlessKnown(fn: AnyFunction): InspectedFunction | Address {
  try {
    return inspectFunction(fn);
  } catch (error) {
    if (!(error instanceof InspectorRefusal)) throw error;
    const address =
      builtinAddress(fn) ?? internalAddress(fn) ?? ownMethod(fn) ?? commonJsFunction(fn) ?? loadedExport(fn);
    if (address === undefined || isCompiledHere(address.module)) throw error;
    return isOfProgram(address) ? address.because(error.message) : address;
  }
}

/** The number of files of packages that may be read for one message: each takes a few milliseconds. */
const MAX_PACKAGE_FILES = 12;
const packageFiles = new Set<Script>();

/** Starts the count for a new message. */
export function forgetPackageFiles(): void {
  packageFiles.clear();
}

/** Counts a file of a package from which a function is copied. */
function countPackageFile(script: Script): void {
  const owner = packageAt(script.base);
  if (owner === undefined || packageFiles.add(script).size <= MAX_PACKAGE_FILES) return;
  throw new Refusal(`it takes along more than ${MAX_PACKAGE_FILES} files of ${owner.name} and what that uses`);
}

function capturePromisified(original: object): Examined {
  const variables = [
    capturedAsItIs('__promisify', Address.of('builtin', 'node:util', ['promisify'])),
    capturedAsItIs('__original', original),
  ];
  return { kind: 'image', image: promisifyImage, key: promisifyKey, variables, otherwise: undefined };
}

/** Which functions were found at their place: a script that is run again makes others. */
const declared = new WeakMap<object, WeakRef<object>>();

/** The first function that was found at each place of a script, if it has a name. */
const named = new Map<string, WeakRef<object>>();

function noteLone(fn: AnyFunction, cut: Cut, { location }: InspectedFunction): Cut {
  const { scriptId, line, column } = location!;
  const place = `${scriptId}:${line}:${column}`;
  // It may be declared at the top level, where functions that come later use it.
  if (fn.name !== '' && named.get(place)?.deref() === undefined) {
    named.set(place, new WeakRef(fn));
    cut.shared = new SharedVariable(fn.name, false, fn, { isFixed: () => isFixed(fn, cut) });
  }
  cuts.set(fn, cut);
  return cut;
}

/** Returns true if it is the only function of its declaration, at a place of its script that runs once. */
function isDeclared(fn: AnyFunction, { script, node }: PlacedFunction): boolean {
  const scope = script.scopes.functions.get(node) as Scope;
  if (!isTopLevel(scope, script, fn)) return false;
  const isNamed =
    node.type === 'FunctionDeclaration' ||
    node.type === 'ClassDeclaration' ||
    [...scope.names.values()].some((binding) => initializerOf(binding) === node);
  if (!isNamed || declared.get(node)?.deref() !== undefined) return false;
  declared.set(node, new WeakRef(fn));
  return true;
}

function isHooked(fn: AnyFunction): boolean {
  return hasHooks(registrationOf(fn as unknown as AnyClass));
}

function byAddress(fn: object, address: Address): Examined {
  addresses.set(fn, address);
  return { kind: 'address', address };
}

/** Returns true if the receiver has the function itself. */
function goesByReference(fn: object): boolean {
  try {
    return captureFunction(fn as AnyFunction).kind === 'address';
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function captureNative(fn: AnyFunction, { bound }: InspectedFunction): Examined {
  const builtin = builtinAddress(fn);
  if (builtin !== undefined) return byAddress(fn, builtin);
  if (bound !== undefined) return { kind: 'bound', ...bound };
  throw new Refusal('it is native code');
}

function cutPlain({ image, variables }: CutFunction): Cut {
  const key = contentKey(JSON.stringify(image));
  return { image, variables, key, script: undefined, otherwise: undefined, shared: undefined, values: [] };
}

function cutNew(placed: PlacedFunction, scopes: readonly LiveScope[], otherwise: Address | undefined): Cut {
  const { script } = placed;
  const { image, variables } = cutFunction(placed, {
    exists: (name) => isVariable(name, scopes),
    isShareable: (binding) => isShareable(binding, scopes),
    liveImport: (binding) => liveImport(binding, script),
  });
  const key = contentKey(JSON.stringify(image));
  return { image, variables, key, script, otherwise, shared: undefined, values: undefined };
}

/** Says that a pool runs the function first in each of its workers: see lost-assignments.ts. */
export function noteInitializer(fn: object): void {
  const cut = cuts.get(fn);
  if (cut !== undefined) noteAssignments(cut.key, cut.variables.values());
}

/** Says that a pool runs the function later: as a task, or as its finalizer. */
export function noteTask(fn: object): void {
  const cut = cuts.get(fn);
  if (cut !== undefined) noteUses(cut.key, cut.variables.values());
}
