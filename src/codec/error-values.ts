/**
 * The wire format of errors: the name of the built-in class (string); the brand name of one of our classes, or '' (string);
 * then for each own property 1 (enumerable) or 2 (not) as uint32, key, value; then 0.
 *
 * A report of a failure must not fail itself: a property that cannot be sent is replaced by a sentence that says so, and
 * the other properties are sent. A stack that is not text is left out.
 */

import { RemoteError } from '../contracts/errors.ts';
import { types } from '../engine/builtins.ts';
import { stackOf, withStackLimit } from '../engine/stack-of.ts';
import { currentBorder } from './border.ts';
import type { BuiltinKind } from './builtin-kind.ts';
import { becomeBranded, brandNameOf } from './error-classes.ts';
import type { ValueReader, ValueWriter } from './extension.ts';
import { isFarIndex, keepSparse } from './far-indices.ts';
import { ERROR } from './tags.ts';

const classes = new Map<string, () => Error>([
  ['Error', () => new Error()],
  ['EvalError', () => new EvalError()],
  ['RangeError', () => new RangeError()],
  ['ReferenceError', () => new ReferenceError()],
  ['SyntaxError', () => new SyntaxError()],
  ['TypeError', () => new TypeError()],
  ['URIError', () => new URIError()],
  ['AggregateError', () => new AggregateError([])],
]);
const DOM_EXCEPTION = 'DOMException';
/** The properties of errors that are not enumerable. */
const HIDDEN = ['message', 'stack', 'cause', 'errors', 'name'];

function isError(value: object): boolean {
  return types.isNativeError(value) || value instanceof Error || isDomException(value);
}

function isDomException(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object DOMException]' && value instanceof DOMException;
}

/** Returns the name of the built-in class of an error, or of the nearest one that its class extends. */
function builtinClassOf(error: object): string {
  if (isDomException(error)) return DOM_EXCEPTION;
  for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const name = Object.getOwnPropertyDescriptor(at, 'name')?.value;
    if (classes.has(name) && at.constructor?.name === name) return name;
  }
  return 'Error';
}

function writeProperty(out: ValueWriter, key: string, enumerable: boolean, read: () => unknown): void {
  out.uint32(enumerable ? 1 : 2);
  out.string(key);
  out.salvage(`.${key}`, read);
}

/** A stack names files as who reads it knows them. */
function shownAbroad(key: string, value: unknown): unknown {
  return key === 'stack' ? (currentBorder()?.stack?.(value as string) ?? value) : value;
}

/** Writes an error, without its class if that is neither built-in nor ours. */
export function writeError(error: Error, out: ValueWriter): void {
  const builtin = builtinClassOf(error);
  const branded = brandNameOf(error) ?? '';
  out.string(builtin);
  out.string(branded);
  if (builtin === DOM_EXCEPTION) {
    out.string(error.message);
    out.string(error.name);
  }
  const own = new Set(Object.keys(error));
  for (const key of HIDDEN) {
    const shown = own.delete(key);
    if (builtin === DOM_EXCEPTION && (key === 'message' || key === 'name')) continue;
    if (key === 'stack' && stackOf(error) === undefined) continue;
    if (shown || Object.hasOwn(error, key)) {
      writeProperty(out, key, shown, () => shownAbroad(key, (error as unknown as Record<string, unknown>)[key]));
    }
  }
  if (branded === '' && builtin !== DOM_EXCEPTION && !Object.hasOwn(error, 'name') && error.name !== builtin) {
    writeProperty(out, 'name', false, () => error.name);
  }
  for (const key of own) writeProperty(out, key, true, () => (error as unknown as Record<string, unknown>)[key]);
  out.uint32(0);
}

/** Reads an error that `writeError` wrote. `prepare` may change the prototype of the error before its properties are read. */
export function readError(input: ValueReader, prepare?: (error: Error) => void): Error {
  const builtin = input.string();
  const branded = input.string();
  const error = newError(builtin, input);
  if (branded !== '') becomeBranded(error, branded);
  prepare?.(error);
  input.remember(error);
  let stack = false;
  for (let kind = input.uint32(); kind !== 0; kind = input.uint32()) {
    const key = input.string();
    stack ||= key === 'stack';
    if (isFarIndex(key, 0)) keepSparse(error);
    const value = input.value();
    Object.defineProperty(error, key, { value, enumerable: kind === 1, configurable: true, writable: true });
  }
  if (!stack) delete error.stack;
  return error;
}

/** Returns an error in place of one that cannot be made here. It has the same name, message and stack; `cause` is the reason. */
export function remainsOf(error: { name: string; message: string; stack?: unknown }, cause: unknown): RemoteError {
  const { name, message, stack } = error;
  const remains = new RemoteError(message, { cause });
  const shown = typeof stack === 'string' ? stack : `${name}: ${message}`;
  for (const [key, value] of Object.entries({ name, stack: shown }))
    Object.defineProperty(remains, key, { value, enumerable: false, configurable: true, writable: true });
  return remains;
}

/** Makes an error without collecting a stack: a stack inside the codec would mislead, and takes long. */
function newError(builtin: string, input: ValueReader): Error {
  return withStackLimit(0, () => {
    if (builtin === DOM_EXCEPTION) return new DOMException(input.string(), input.string());
    const error = classes.get(builtin)?.() ?? new Error();
    if (builtin === 'AggregateError') delete (error as { errors?: unknown }).errors;
    return error;
  });
}

/** The kind of value for errors. */
export const errorKind: BuiltinKind<Error> = {
  tag: ERROR,
  prototypes: [...[...classes.values()].map((make) => Object.getPrototypeOf(make()))],
  is: isError,
  write: writeError,
  read: (input) => readError(input),
};
