/** Writes functions into messages: README.md says how each function is sent. Loaded with the first function that is sent (function-extension.ts). */

import { currentBorder } from '../codec/border.ts';
import { reach, type ValueWriter } from '../codec/extension.ts';
import { SerializationError } from '../contracts/errors.ts';
import { family } from '../memory/family.ts';
import { Address, addressKinds } from './address.ts';
import type { AnyFunction } from './any-function.ts';
import { variableOfCell } from './arrived-variable.ts';
import { captureFunction, forgetPackageFiles, sharedFunction } from './capture.ts';
import { travellingOn } from './captured-variables.ts';
import { Cell } from './cell.ts';
import { writeHooked, writeRegistered } from './class-identity.ts';
import { EmptyWeak } from './empty-weak.ts';
import { form } from './function-forms.ts';
import { Here, type RequireOf } from './here.ts';
import { writeImage } from './image-writing.ts';
import { fileOf, watchedModule } from './import-module.ts';
import { LateClass, lateOr } from './late-classes.ts';
import { LiveNamespace } from './live-namespace.ts';
import { madeAtLoad } from './made-at-load.ts';
import { originOf } from './origins.ts';
import { packageHidingIn } from './package-instances.ts';
import { isOfProgram } from './program-modules.ts';
import { ProgramNamespace } from './program-namespace.ts';
import { Refusal } from './refusal.ts';
import { SentSymbol } from './sent-symbol.ts';
import { SharedVariable, send, ValueOf } from './shared-variable.ts';
import { isStandIn } from './stand-in.ts';

export { packageHidingIn };

/** Writes a function, or an object that stands for a part of one. */
export function write(value: object, out: ValueWriter): void {
  if (typeof value === 'function') {
    writeFunction(value as AnyFunction, out);
    return;
  }
  const hiding = isStandIn(value) ? undefined : packageHidingIn(value);
  if (hiding !== undefined) out.refuse(`it has properties that only ${hiding}, which has made it, can give it`);
  if (value instanceof SharedVariable) writeShared(form.VARIABLE, value, out);
  else if (value instanceof ValueOf) writeShared(form.VALUE_OF, value.variable, out);
  else if (value instanceof Address) writeAddress(value, out);
  else if (value instanceof Cell) writeCell(value, out);
  else if (value instanceof LateClass) {
    out.form(form.LATE_CLASS);
    out.uint32(value.depth);
  } else if (value instanceof LiveNamespace) writeNamespace(value, out);
  else if (value instanceof ProgramNamespace) writeProgramNamespace(value, out);
  else if (value instanceof EmptyWeak) out.form(value.isMap ? form.WEAK_MAP : form.WEAK_SET);
  else if (value instanceof SentSymbol) {
    out.form(form.SYMBOL);
    out.string(value.spelling);
  } else {
    out.form(value instanceof Here ? form.HERE : form.REQUIRE);
    const { url } = value as Here | RequireOf;
    out.string(currentBorder()?.leave(url, false, out) ?? url);
  }
}

function writeCell(cell: Cell, out: ValueWriter): void {
  const arrived = out.reach === reach.FAMILY ? variableOfCell(cell) : undefined;
  if (arrived !== undefined) writeShared(form.VARIABLE, arrived.sentOn(travellingOn(cell.v)), out);
  else {
    out.form(form.CELL);
    out.value(lateOr(cell.v), '');
  }
}

function writeNamespace({ members, isCompiled }: LiveNamespace, out: ValueWriter): void {
  out.form(form.NAMESPACE);
  out.uint32(isCompiled ? 1 : 0);
  out.uint32(members.size);
  for (const [name, look] of members) {
    out.string(name);
    out.value(look, `.${name}`);
  }
}

/** Names a variable that functions share, in a form that says whether it or its value is meant, and has what it holds go along. */
function writeShared(
  of: typeof form.VARIABLE | typeof form.VALUE_OF,
  variable: SharedVariable,
  out: ValueWriter,
): void {
  out.form(of);
  out.uint32(family().me >>> 0);
  out.uint32(variable.number);
  send(variable, out);
}

function writeProgramNamespace({ members }: ProgramNamespace, out: ValueWriter): void {
  out.form(form.PROGRAM_NAMESPACE);
  out.uint32(members.length);
  for (const { name, value, variable } of members) {
    out.string(name);
    if (variable === undefined) out.value(value, `.${name}`);
    else if (out.reach === reach.FAMILY) {
      variable.now = value;
      out.value(variable, `.${name}`);
    } else {
      const cell = new Cell();
      cell.v = value;
      out.value(cell, `.${name}`);
    }
  }
}

/** The number of functions that are being written, each inside the one before. */
let depth = 0;

function writeFunction(fn: AnyFunction, out: ValueWriter): void {
  if (depth === 0) forgetPackageFiles();
  depth++;
  try {
    writeAny(fn, out);
  } finally {
    depth--;
  }
}

function writeAny(fn: AnyFunction, out: ValueWriter): void {
  const origin = originOf(fn);
  if (origin !== undefined) {
    writeReference(fn, origin, out);
    return;
  }
  try {
    const shared = out.reach === reach.FAMILY && fn !== out.content ? sharedFunction(fn) : undefined;
    if (shared !== undefined) {
      writeShared(form.VALUE_OF, shared, out);
      return;
    }
    const captured = captureFunction(fn);
    if (captured.kind === 'image') {
      const { otherwise } = captured;
      const write = () => {
        if (writeHooked(fn, () => out.form(form.REGISTERED_CLASS), out)) return;
        out.form(form.IMAGE);
        out.capturing(() => writeImage(fn, captured, out));
      };
      if (otherwise === undefined) write();
      else valueOrAddress(fn, write, otherwise, out);
    } else if (captured.kind === 'address') writeReference(fn, captured.address, out);
    else {
      out.form(form.BOUND);
      out.value(captured.target, '');
      out.value(captured.self, '.this');
      out.uint32(captured.args.length);
      for (const [i, argument] of captured.args.entries()) out.value(argument, `.arguments[${i}]`);
    }
  } catch (error) {
    if (error instanceof Refusal) out.refuse(error.message);
    throw error;
  }
}

/** Writes by value what a module of the program has; its address where that cannot be. */
function valueOrAddress(fn: AnyFunction, write: () => void, address: Address, out: ValueWriter): void {
  const error = out.attempt(write);
  if (error === undefined) return;
  if (!(error instanceof SerializationError || error instanceof Refusal)) throw error;
  writeReference(fn, address.because(error.message), out);
}

/** Writes what stands for a function here. A registered class brings its registration along: the receiver may have the class, but not that. */
function writeReference(fn: AnyFunction, reference: object, out: ValueWriter): void {
  if (!writeRegistered(fn, () => out.form(form.REGISTERED_CLASS), out)) write(reference, out);
}

function writeAddress(address: Address, out: ValueWriter): void {
  const { kind, path, reason = 'it arrived by reference' } = address;
  const isFile = kind === 'require' || kind === 'import';
  if (isOfProgram(address)) refuseSecond(address, out);
  const module = (isFile ? currentBorder()?.leave(address.module, true, out) : undefined) ?? address.module;
  out.form(form.ADDRESS);
  out.uint32(addressKinds.indexOf(kind));
  out.string(module);
  out.uint32(path.length);
  for (const name of path) out.string(name);
  // Data needs no loading in advance, and import() would want to be told that it is JSON.
  if (!isFile || module.endsWith('.json')) return;
  const name = path.join('.') || 'its exports';
  out.module(isOfProgram(address) ? watchedModule(module, name, reason) : module);
}

/** Refuses what would have a module loaded there that makes a shared object: it would be another one than here. */
function refuseSecond({ module, path, reason }: Address, out: ValueWriter): void {
  const made = reason === undefined ? undefined : madeAtLoad(module);
  if (reason === undefined || made === undefined) return;
  const { variable, kind } = made;
  const name = path.join('.') || 'it';
  out.refuse(
    `it cannot be copied (${reason.replace(/\.$/, '')}), and ${fileOf(made.module)}, which would be loaded there in its place, makes a ${kind} (${variable}) that would be another one. Pass ${variable} as an argument, or move ${name} to a module that does not import multiproc`,
  );
}
