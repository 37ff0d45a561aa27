/** Finds the value of an address in this process. */
import { createRequire } from 'node:module';
import { SerializationError } from '../contracts/errors.ts';
import { types } from '../engine/builtins.ts';
import type { Address } from './address.ts';
import { importedModule, loadWatched } from './import-module.ts';
import { ownExport } from './own-exports.ts';

/** Returns the value at an address. Throws a SerializationError that says what is missing. */
export function valueAt(address: Address): unknown {
  if (address.kind === 'own') {
    const value = ownExport(address);
    if (value === undefined) throw missing(address, `this process has not loaded ${address.module}`);
    return value;
  }
  let value: unknown = rootOf(address);
  let path = address.path;
  if (address.kind === 'import' && !types.isModuleNamespaceObject(value)) {
    // A CommonJS module: its namespace is made of its exports.
    if (path.length === 0) return { ...(value as object), default: value };
    if (path[0] === 'default') path = path.slice(1);
  }
  for (const name of path) {
    const holder = value as Record<string, unknown> | null | undefined;
    if (holder === null || holder === undefined || !(name in Object(holder)))
      throw missing(address, `there is no ${name} in it`);
    value = holder[name];
  }
  return value;
}

function rootOf(address: Address): unknown {
  const { kind, module } = address;
  if (kind === 'global') return globalThis;
  if (kind === 'builtin') {
    const builtin: unknown = process.getBuiltinModule(module);
    if (builtin === undefined) throw missing(address, `this Node has no module ${module}`);
    return builtin;
  }
  const namespace = kind === 'import' ? importedModule(module) : undefined;
  if (namespace !== undefined) return namespace;
  try {
    const file = process.getBuiltinModule('node:url').fileURLToPath(module);
    return loadWatched(module, () => createRequire(module)(file) as unknown);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    throw missing(address, 'the module uses top-level await, and was not imported before', error);
  }
}

function missing(address: Address, why: string, cause?: unknown): SerializationError {
  return new SerializationError(`Cannot receive ${address}: ${why}.`, '', cause === undefined ? undefined : { cause });
}
