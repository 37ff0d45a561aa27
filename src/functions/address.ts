/** The address of a value that the receiver has itself: what is sent of a value by reference. */
import { interned } from './interned.ts';
import { standIn } from './stand-in.ts';

/**
 * - `own`: an export of this library, by door and name;
 * - `global`: a path from `globalThis`;
 * - `builtin`: a path from a built-in module;
 * - `require`: a path from the result of `require()` of the URL;
 * - `import`: a path from the namespace of `import()` of the URL.
 */
export type AddressKind = 'own' | 'global' | 'builtin' | 'require' | 'import';

/** The kinds of addresses, by the number that a message has for each. */
export const addressKinds: readonly AddressKind[] = ['own', 'global', 'builtin', 'require', 'import'];

/** Stands for the value at an address in a message; one object per address, so that a message holds it once. */
export class Address {
  readonly kind: AddressKind;
  /** Specifier of the door, name of the built-in module, or URL; empty for `global`. */
  readonly module: string;
  /** The path; empty for the module or the global object itself. */
  readonly path: readonly string[];

  /** For a value of a module of the program: the reason for which the value itself is not sent. */
  readonly reason: string | undefined;

  private constructor(kind: AddressKind, module: string, path: readonly string[], reason?: string) {
    this.kind = kind;
    this.module = module;
    this.path = path;
    this.reason = reason;
  }

  private static readonly known = new Map<string, Address>();

  /** Returns the object for this address. */
  static of(kind: AddressKind, module: string, path: readonly string[]): Address {
    const key = JSON.stringify([kind, module, path]);
    return interned(Address.known, key, () => new Address(kind, module, path));
  }

  /** Returns the object for this address, with the reason for which the value itself is not sent. */
  because(reason: string): Address {
    return new Address(this.kind, this.module, this.path, reason);
  }

  /** Returns the address as messages show it: `node:fs readFileSync`, `/app/tasks.js run`. */
  toString(): string {
    return [this.module, this.path.join('.')].filter(Boolean).join(' ') || 'globalThis';
  }
}

/**
 * Lists a value and its members, two levels deep, with the path to each. Runs no getters except those that compilers make of exports.
 * Looks only at members of the value whose names are `wanted`.
 */
export function* membersOf(
  root: object,
  wanted: (name: string) => boolean = () => true,
): Generator<[value: unknown, path: readonly string[]]> {
  yield [root, []];
  for (const [value, name] of ownValues(root, wanted)) {
    yield [value, [name]];
    // globalThis.globalThis
    if (!isObject(value) || value === root) continue;
    for (const [member, memberName] of ownValues(value)) {
      yield [member, [name, memberName]];
      if (memberName !== 'prototype' || !isObject(member)) continue;
      for (const [method, methodName] of ownValues(member)) yield [method, [name, memberName, methodName]];
    }
  }
}

/** Returns the first path to `wanted` among the members of `root`. */
export function pathTo(wanted: object, root: object): readonly string[] | undefined {
  for (const [value, path] of membersOf(root)) {
    // constructor leads back to where it started, by a longer way.
    if (value === wanted && path.at(-1) !== 'constructor') return path;
  }
  return undefined;
}

function* ownValues(
  object: object,
  wanted: (name: string) => boolean = () => true,
): Generator<[value: unknown, name: string]> {
  for (const name of Object.getOwnPropertyNames(object)) {
    if (!wanted(name)) continue;
    let descriptor: PropertyDescriptor | undefined;
    try {
      descriptor = Object.getOwnPropertyDescriptor(object, name);
    } catch {
      // The module has not initialised this export yet.
    }
    if (descriptor === undefined) continue;
    if ('value' in descriptor) yield [descriptor.value, name];
    else if (descriptor.get !== undefined && isLiveExport(descriptor.get)) yield [descriptor.get.call(object), name];
  }
}

/** `() => name`, `() => from[key]`, `function () { return module.name; }`: nothing that could load or change something. */
function isLiveExport(get: () => unknown): boolean {
  return /^(\(\)\s*=>\s*|function\s*\(\)\s*\{\s*return )[\w$]+(\.[\w$]+|\[[\w$]+\])?(;?\s*\})?$/.test(
    Function.prototype.toString.call(get),
  );
}

/** Returns true for what can have members: an object or a function. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

standIn(Address);
