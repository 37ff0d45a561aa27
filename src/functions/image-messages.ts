/** A function by value in a message: its image, its variables, and what was added to it. */
import type { ValueReader, ValueWriter } from '../codec/extension.ts';
import { SerializationError } from '../errors.ts';
import { readAdded, writeAdded } from './added-properties.ts';
import type { AnyFunction } from './any-function.ts';
import { type Captured, type Revived, rememberRevived, revivedFunction } from './capture.ts';
import type { CapturedValue } from './captured-variables.ts';
import { classById, classesOfInstances, idOfClass, rememberClass } from './class-identity.ts';
import { compileImage } from './compile.ts';
import type { FunctionImage } from './function-image.ts';
import { LateClass, lateOr, whileReading, whileWriting } from './late-classes.ts';
import { readAll } from './read-all.ts';

const spelled = new WeakMap<FunctionImage, string>();

/** Writes a captured function. */
export function writeImage(
  fn: AnyFunction,
  { image, key, variables }: Captured & { kind: 'image' },
  out: ValueWriter,
): void {
  let text = spelled.get(image);
  if (text === undefined) spelled.set(image, (text = JSON.stringify(image)));
  out.string(key);
  out.string(text);
  out.string(String(Object.getOwnPropertyDescriptor(fn, 'name')?.value ?? ''));
  out.uint32(Number(Object.getOwnPropertyDescriptor(fn, 'length')?.value ?? 0));
  out.string(idOfClass(fn));
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

function writeCaptured({ name, value, cell, otherwise }: CapturedValue, out: ValueWriter): void {
  const step = name.startsWith('__') ? '' : ` → ${name}`;
  if (otherwise !== undefined) {
    const error = out.attempt(() => out.value(value, step));
    if (error instanceof SerializationError) out.value(otherwise.because(error.message), step);
    else if (error !== undefined) throw error;
    return;
  }
  if (cell === undefined) {
    out.value(lateOr(value), step);
    return;
  }
  // The cell holds the value only while it is written, so that it keeps nothing alive.
  cell.v = value;
  try {
    out.value(cell, step);
  } finally {
    cell.v = undefined;
  }
}

/** Makes the function that `writeImage` wrote. */
export function readImage(input: ValueReader): AnyFunction {
  const key = input.string();
  const text = input.string();
  const compiled = compileImage(key, () => JSON.parse(text) as FunctionImage);
  const { image } = compiled;
  const name = input.string();
  const length = input.uint32();
  const id = input.string();
  const known = classById(id);
  const values = (count: number) => readAll(count, () => input.value());
  if (known !== undefined) input.remember(known);
  values(input.uint32()); // the classes of captured instances

  const make = (early: readonly unknown[]): Revived & { fn: AnyFunction } => {
    if (known !== undefined)
      return { ...(revivedFunction(known, key) ?? { image, key, fill: ignore, read: () => [] }), fn: known };
    const [fn, fill, read] = compiled.make(...early);
    if (Object.getOwnPropertyDescriptor(fn, 'name')?.value !== name) define(fn, 'name', name);
    if (fn.length !== length) define(fn, 'length', length);
    const revived = { image, key, fill, read };
    rememberRevived(fn, revived);
    rememberClass(id, fn);
    input.remember(fn);
    return { ...revived, fn };
  };
  let early: unknown[] = [];
  const readEarly = () => (early = values(image.early));
  const { fn, fill } = image.early === 0 ? make([]) : whileReading(readEarly, make, (made) => made.fn);
  const all = [...early, ...values(image.names.length - image.early)];
  fill(...all);
  for (const [i, value] of all.entries()) {
    if (!(value instanceof LateClass)) continue;
    value.whenMade((cls) => {
      all[i] = cls;
      fill(...all);
    });
  }
  // A class that was written here needs nothing from elsewhere.
  readAdded(fill === ignore ? function ignored() {} : fn, input);
  return fn;
}

/** Takes the variables of a class that this process has itself. */
function ignore(): void {}

function define(fn: AnyFunction, key: 'name' | 'length', value: string | number): void {
  const now = Object.getOwnPropertyDescriptor(fn, key);
  // A class may have a static member of that name.
  if (now === undefined || typeof now.value === typeof value)
    Object.defineProperty(fn, key, { value, configurable: true });
}
