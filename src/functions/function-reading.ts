/** Reads functions out of messages: README.md says how each function is sent. Loaded with the first function that arrives (function-extension.ts). */
import { createRequire } from 'node:module';
import { currentBorder } from '../codec/border.ts';
import type { ValueReader } from '../codec/extension.ts';
import { readRegistration } from '../codec/instance-forms.ts';
import { Address, type AddressKind, addressKinds } from './address.ts';
import type { AnyFunction } from './any-function.ts';
import { ArrivedVariable, takeContents, variableOf } from './arrived-variable.ts';
import { Cell } from './cell.ts';
import { form } from './function-forms.ts';
import { Here, RequireOf } from './here.ts';
import { readAll, readImage } from './image-reading.ts';
import { LateClass, lateClass } from './late-classes.ts';
import { LiveNamespace } from './live-namespace.ts';
import { rememberOrigin } from './origins.ts';
import { type NamespaceMember, ProgramNamespace } from './program-namespace.ts';
import { valueAt } from './revive.ts';
import { symbolFor } from './sent-symbol.ts';

export { takeContents };

/** Reads what `write` of function-writing.ts wrote after the number of the form. */
export function read(of: number, input: ValueReader): object {
  switch (of) {
    case form.IMAGE:
      return readImage(input);
    case form.ADDRESS: {
      const kind = addressKinds[input.uint32()] as AddressKind;
      const named = input.string();
      const module = kind === 'require' || kind === 'import' ? fileHere(named) : named;
      const path = readAll(input.uint32(), () => input.string());
      return arrived(Address.of(kind, module, path), valueAt);
    }
    case form.CELL:
      return readCell(input);
    case form.BOUND: {
      const target = input.value() as AnyFunction;
      const self = input.value();
      const args = readAll(input.uint32(), () => input.value());
      return Function.prototype.bind.call(target, self, ...args) as AnyFunction;
    }
    case form.LATE_CLASS:
      return lateClass(input.uint32());
    case form.REGISTERED_CLASS:
      return readRegistration(input).cls;
    case form.SYMBOL:
      // The codec hands on what an extension reads, whatever it is.
      return symbolFor(input.string()) as unknown as object;
    case form.WEAK_MAP:
      return new WeakMap();
    case form.WEAK_SET:
      return new WeakSet();
    case form.VARIABLE:
      return readVariable(input);
    case form.VALUE_OF: {
      const value = readVariable(input).asPart;
      return typeof value === 'object' || typeof value === 'function'
        ? (value as object)
        : input.corrupt('a variable without a value');
    }
    case form.NAMESPACE:
      return readNamespace(input);
    case form.PROGRAM_NAMESPACE:
      return readProgramNamespace(input);
    case form.HERE:
      return Here.of(fileHere(input.string()));
    default:
      return arrived(RequireOf.for(fileHere(input.string())), ({ url }) => createRequire(url));
  }
}

/** Returns the URL that this process has for a file that the message names. */
function fileHere(url: string): string {
  return currentBorder()?.arrive?.(url) ?? url;
}

/** Returns an object that shows what variables of the module hold whenever it is asked. */
function readProgramNamespace(input: ValueReader): object {
  const namespace = {};
  input.remember(namespace);
  const members = readAll(input.uint32(), (): NamespaceMember => {
    const name = input.string();
    const read: unknown = input.value();
    const value = read instanceof ArrivedVariable ? read.filling : read;
    const shown = value instanceof Cell ? { get: () => value.v } : { value, writable: true };
    Object.defineProperty(namespace, name, { ...shown, enumerable: true, configurable: true });
    return { name, value, variable: undefined };
  });
  rememberOrigin(namespace, new ProgramNamespace(members));
  return namespace;
}

function arrived<S extends object>(standIn: S, find: (standIn: S) => unknown): object {
  const value = find(standIn);
  rememberOrigin(value, standIn);
  return value as object;
}

function readVariable(input: ValueReader): ArrivedVariable {
  const sender = input.uint32() | 0;
  const variable = variableOf(sender, input.uint32());
  return variable.version === 0 ? input.corrupt('a variable whose content is missing') : variable;
}

function readNamespace(input: ValueReader): object {
  const namespace = {};
  input.remember(namespace);
  const isCompiled = input.uint32() === 1;
  const members = readAll(input.uint32(), () => [input.string(), input.value() as () => unknown] as const);
  LiveNamespace.fill(namespace, new Map(members), isCompiled);
  return namespace;
}

function readCell(input: ValueReader): Cell {
  const cell = new Cell();
  input.remember(cell);
  const value = input.value();
  if (value instanceof LateClass) value.whenMade((cls) => (cell.v = cls));
  else cell.v = value;
  return cell;
}
