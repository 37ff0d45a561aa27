/** Reads functions that were sent by value: see image-writing.ts. */
import type { ValueReader } from '../codec/extension.ts';
import { PARENT } from './added-names.ts';
import { readAdded } from './added-properties.ts';
import type { AnyFunction } from './any-function.ts';
import { ArrivedVariable, takeRenewed } from './arrived-variable.ts';
import { classById, rememberClass } from './class-ids.ts';
import { compileImage } from './compile.ts';
import type { FunctionImage } from './function-image.ts';
import { LateClass, whileReading } from './late-classes.ts';
import { takeOpening } from './private-statics.ts';
import { type Revived, rememberRevived, revivedFunction } from './revived-functions.ts';

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
  const known = classById(id) ?? (renewed && revivedOf(renewed, key) && renewed);
  const values = (count: number) => readAll(count, () => input.value());
  if (known !== undefined) {
    input.remember(known);
    rememberClass(id, known);
  }
  values(input.uint32()); // the classes of captured instances

  const make = (early: readonly unknown[]): Revived & { fn: AnyFunction } => {
    if (known !== undefined)
      return { ...(revivedOf(known, key) ?? { image, key, fill: ignore, read: () => [] }), fn: known };
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
  if (fill !== ignore) connect(revivedOf(fn, key) as Revived, all);
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

/** Returns how a function was made; `undefined` for one of another image or of this process. */
function revivedOf(fn: object, key: string): Revived | undefined {
  const revived = revivedFunction(fn);
  return revived?.key === key ? revived : undefined;
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

/** Reads as many values as a message claims, one after the other, without reserving room for values that may never come. */
export function readAll<T>(count: number, read: () => T): T[] {
  const all: T[] = [];
  for (let i = 0; i < count; i++) all.push(read());
  return all;
}
