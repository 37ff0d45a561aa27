/** Writes functions by value: the image, the variables, and the added properties. */
import { currentBorder } from '../codec/border.ts';
import { reach, type ValueWriter } from '../codec/extension.ts';
import { SerializationError } from '../contracts/errors.ts';
import { writeAdded } from './added-properties.ts';
import type { AnyFunction } from './any-function.ts';
import { type Captured, sharedFunction } from './capture.ts';
import type { CapturedValue } from './captured-variables.ts';
import { classesOfInstances } from './class-identity.ts';
import { idOfClass, noteWritten } from './class-ids.ts';
import type { FunctionImage } from './function-image.ts';
import { noteEncoded } from './heavy-captures.ts';
import { placesIn } from './here.ts';
import { interned } from './interned.ts';
import { lateOr, whileWriting } from './late-classes.ts';

const spelled = new WeakMap<FunctionImage, string>();

/** Writes a captured function. */
export function writeImage(
  fn: AnyFunction,
  { image, key, variables }: Captured & { kind: 'image' },
  out: ValueWriter,
): void {
  currentBorder()?.text?.(image.code, placesIn(variables), out);
  out.string(key);
  out.string(interned(spelled, image, () => JSON.stringify(image)));
  out.string(String(Object.getOwnPropertyDescriptor(fn, 'name')?.value ?? ''));
  out.uint32(Number(Object.getOwnPropertyDescriptor(fn, 'length')?.value ?? 0));
  const id = idOfClass(fn);
  if (fn === out.content) noteWritten(fn, id);
  out.string(id);
  const classes = classesOfInstances(variables);
  out.uint32(classes.length);
  for (const cls of classes) writeClass(cls, variables, out);
  if (image.early > 0) {
    whileWriting(fn, () => {
      for (const variable of variables.slice(0, image.early)) writeVariable(variable, out);
    });
  }
  for (const variable of variables.slice(image.early)) writeVariable(variable, out);
  writeAdded(fn, image, out);
}

function writeVariable(captured: CapturedValue, out: ValueWriter): void {
  const { name, madeWith } = captured;
  try {
    writeCaptured(captured, out);
  } catch (error) {
    throw madeWith === undefined ? error : withAdvice(error, name, madeWith);
  }
}

/** Writes the class of an instance that is to come. */
function writeClass(cls: AnyFunction, variables: readonly CapturedValue[], out: ValueWriter): void {
  try {
    out.value(cls, `.${cls.name}`);
  } catch (error) {
    const of = variables.find(({ value }) => Object(value) === value && Object.getPrototypeOf(value) === cls.prototype);
    throw of?.madeWith === undefined ? error : withAdvice(error, of.name, of.madeWith);
  }
}

/** What a package has made may hold what only that package can make: then each process must have it make its own. */
function withAdvice(error: unknown, name: string, madeWith: string): unknown {
  if (!(error instanceof SerializationError) || error.message.includes(ADVICE)) return error;
  const advice = `${name} is made with ${madeWith}: ${ADVICE} without multiproc, export it there, and import it here.`;
  return new SerializationError(`${error.message} ${advice}`, error.path, { cause: error });
}

const ADVICE = 'make it in a module of its own';

function writeCaptured(captured: CapturedValue, out: ValueWriter): void {
  const { name, otherwise } = captured;
  const step = name.startsWith('__') ? '' : ` → ${name}`;
  if (otherwise === undefined) {
    writeHeld(captured, step, out);
    return;
  }
  const error = out.attempt(() => writeHeld(captured, step, out));
  if (error instanceof SerializationError) out.value(otherwise.because(error.message), step);
  else if (error !== undefined) throw error;
}

/** Writes what the variable holds, or the variable itself where functions share it. */
function writeHeld({ name, value, cell, shared }: CapturedValue, step: string, out: ValueWriter): void {
  const isFunction = typeof value === 'function' && cell === undefined;
  const variable = isFunction ? sharedFunction(value as AnyFunction) : shared;
  if (variable !== undefined && out.reach === reach.FAMILY) {
    // A cell holds the value only while it is written, so that it keeps nothing alive.
    if (variable.isCell && cell !== undefined) variable.now = value;
    out.value(variable, step);
    return;
  }
  const start = out.position;
  if (cell === undefined) out.value(lateOr(value), step);
  else {
    cell.v = value;
    try {
      out.value(cell, step);
    } finally {
      cell.v = undefined;
    }
  }
  noteEncoded(name, out.position - start);
}
