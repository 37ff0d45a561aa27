/** Writes and reads functions by value: the image, the variables, and the added properties. */
import { currentBorder } from '../codec/border.ts';
import { reach, type ValueReader, type ValueWriter } from '../codec/extension.ts';
import { SerializationError } from '../contracts/errors.ts';
import { readAdded, writeAdded } from './added-properties.ts';
import type { AnyFunction } from './any-function.ts';
import { ArrivedVariable, takeRenewed } from './arrived-variable.ts';
import { type Captured, type Revived, rememberRevived, revivedFunction, sharedFunction } from './capture.ts';
import type { CapturedValue } from './captured-variables.ts';
import { classById, classesOfInstances, idOfClass, rememberClass } from './class-identity.ts';
import { compileImage } from './compile.ts';
import { type FunctionImage, PARENT } from './function-image.ts';
import { noteEncoded } from './heavy-captures.ts';
import { placesIn } from './here.ts';
import { LateClass, lateOr, whileReading, whileWriting } from './late-classes.ts';
import { takeOpening } from './private-statics.ts';
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
  currentBorder()?.text?.(image.code, placesIn(variables), out);
  out.string(key);
  out.string(text);
  out.string(String(Object.getOwnPropertyDescriptor(fn, 'name')?.value ?? ''));
  out.uint32(Number(Object.getOwnPropertyDescriptor(fn, 'length')?.value ?? 0));
  // One that is the content of a variable is known by that; its instances bring it along.
  out.string(fn === out.content ? '' : idOfClass(fn));
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

/** Reads the function that `writeImage` wrote, and makes it. */
export function readImage(input: ValueReader): AnyFunction {
  const key = input.string();
  const text = input.string();
  const compiled = compileImage(key, () => JSON.parse(text) as FunctionImage);
  const { image } = compiled;
  const name = input.string();
  const length = input.uint32();
  const id = input.string();
  const renewed = takeRenewed();
  const known = classById(id) ?? (renewed && revivedFunction(renewed, key) && renewed);
  const values = (count: number) => readAll(count, () => input.value());
  if (known !== undefined) input.remember(known);
  values(input.uint32()); // the classes of captured instances

  const make = (early: readonly unknown[]): Revived & { fn: AnyFunction } => {
    if (known !== undefined)
      return { ...(revivedFunction(known, key) ?? { image, key, fill: ignore, read: () => [] }), fn: known };
    const [fn, fill, read] = compiled.make(...early);
    if (image.hasPrivates) takeOpening(fn);
    if (Object.getOwnPropertyDescriptor(fn, 'name')?.value !== name) define(fn, 'name', name);
    if (fn.length !== length) define(fn, 'length', length);
    const revived: Revived = { image, key, fill, read };
    rememberRevived(fn, revived);
    rememberClass(id, fn);
    input.remember(fn);
    return { ...revived, fn };
  };
  let early: unknown[] = [];
  const readEarly = () => (early = values(image.early));
  const makeEarly = (values: unknown[]) => make(values.map((value, i) => neededEarly(value, image.names[i] as string)));
  const made = image.early === 0 ? make([]) : whileReading(readEarly, makeEarly, ({ fn }) => fn);
  const { fn, fill } = made;
  const all = [...early, ...values(image.names.length - image.early)];
  fill(...all.map(fillingOf));
  if (fill !== ignore) connect(revivedFunction(fn, key) as Revived, all);
  for (const [i, value] of all.entries()) {
    if (!(value instanceof LateClass)) continue;
    value.whenMade((cls) => {
      all[i] = cls;
      fill(...all.map(fillingOf));
    });
  }
  // A class that was written here needs nothing from elsewhere.
  readAdded(fill === ignore ? function ignored() {} : fn, input);
  return fn;
}

/** Makes the function see the values that its variables get later. */
function connect(revived: Revived, variables: readonly unknown[]): void {
  const shared = variables.filter((value) => value instanceof ArrivedVariable);
  if (shared.length === 0) return;
  revived.variables = variables;
  revived.refill ??= () => revived.fill(...(revived.variables as unknown[]).map(fillingOf));
  revived.user ??= new WeakRef(revived.refill);
  for (const variable of shared) variable.usedBy(revived.user);
}

function fillingOf(value: unknown): unknown {
  return value instanceof ArrivedVariable ? value.filling : value;
}

/** What a class needs while it is made; what is being made itself has not been used by its text, but a parent must be there. */
function neededEarly(value: unknown, name: string): unknown {
  if (!(value instanceof ArrivedVariable)) return value;
  const now = name === PARENT ? value.needed : value.ifThere;
  return name === PARENT ? now : (value.filling ?? now);
}

/** Takes the variables of a class that this process has itself. */
function ignore(): void {}

function define(fn: AnyFunction, key: 'name' | 'length', value: string | number): void {
  const now = Object.getOwnPropertyDescriptor(fn, key);
  // A class may have a static member of that name.
  if (now === undefined || typeof now.value === typeof value)
    Object.defineProperty(fn, key, { value, configurable: true });
}
