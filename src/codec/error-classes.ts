import * as ours from '../contracts/errors.ts';

/** A class of errors that this library throws. */
interface BrandedErrorClass {
  readonly brandName: string;
  readonly prototype: object;
}

const brand = Symbol.for('multiproc.error');
const byName = new Map<string, BrandedErrorClass>();

for (const value of Object.values(ours)) {
  if (typeof value === 'function' && Object.hasOwn(value, 'brandName')) byName.set(value.brandName, value);
}

/** Returns the brand name of an error of this library, `undefined` for any other. */
export function brandNameOf(error: object): string | undefined {
  return (error as { [brand]?: readonly string[] })[brand]?.[0];
}

/** Makes a new error an instance of the class with this brand name, without running its constructor. Does nothing for an unknown name. */
export function becomeBranded(error: object, brandName: string): void {
  const cls = byName.get(brandName);
  if (cls === undefined) return;
  Object.setPrototypeOf(error, cls.prototype);
  const names: string[] = [];
  for (let at: unknown = cls; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, 'brandName')) names.push((at as unknown as BrandedErrorClass).brandName);
  }
  Object.defineProperty(error, brand, { value: names });
}
