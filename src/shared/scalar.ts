/** The kinds of numbers that shared values and arrays hold: those of JavaScript's typed arrays. */

/** Maps each kind of number to its typed array. */
export interface ScalarArrays {
  /** Whole numbers of 8 bits, from -128 to 127. */
  readonly int8: Int8Array<ArrayBuffer>;
  /** Whole numbers of 8 bits, from 0 to 255. */
  readonly uint8: Uint8Array<ArrayBuffer>;
  /** Whole numbers of 16 bits, from -32768 to 32767. */
  readonly int16: Int16Array<ArrayBuffer>;
  /** Whole numbers of 16 bits, from 0 to 65535. */
  readonly uint16: Uint16Array<ArrayBuffer>;
  /** Whole numbers of 32 bits, from -(2 ** 31) to 2 ** 31 - 1. */
  readonly int32: Int32Array<ArrayBuffer>;
  /** Whole numbers of 32 bits, from 0 to 2 ** 32 - 1. */
  readonly uint32: Uint32Array<ArrayBuffer>;
  /** Bigints of 64 bits, from -(2n ** 63n) to 2n ** 63n - 1n. */
  readonly bigint64: BigInt64Array<ArrayBuffer>;
  /** Bigints of 64 bits, from 0n to 2n ** 64n - 1n. */
  readonly biguint64: BigUint64Array<ArrayBuffer>;
  /** Numbers of 32 bits, with some 7 decimal digits. */
  readonly float32: Float32Array<ArrayBuffer>;
  /** Numbers of 64 bits: those of JavaScript. */
  readonly float64: Float64Array<ArrayBuffer>;
}

/** The name of a kind of number, such as `'int32'` or `'float64'`. */
export type Scalar = keyof ScalarArrays;

/** The JavaScript type of a number of this kind: `bigint` for 64-bit integers, otherwise `number`. */
export type ScalarValue<K extends Scalar> = K extends 'bigint64' | 'biguint64' ? bigint : number;

type ScalarArrayClass = new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => ScalarArrays[Scalar];

/** A kind of number. */
export interface ScalarKind {
  readonly name: Scalar;
  readonly bytes: number;
  readonly Array: ScalarArrayClass;
  /** True if `Atomics` can be used on this kind. */
  readonly isWhole: boolean;
  /** The range of integers; not used for floats. */
  readonly min: number | bigint;
  readonly max: number | bigint;
}

function whole(name: Scalar, cls: ScalarArrayClass, bytes: number, min: number | bigint, max: number | bigint) {
  return { name, Array: cls, bytes, isWhole: true, min, max };
}

/** In the order of their codes, which are stored in shared memory. */
const KINDS: readonly ScalarKind[] = [
  whole('int8', Int8Array, 1, -(2 ** 7), 2 ** 7 - 1),
  whole('uint8', Uint8Array, 1, 0, 2 ** 8 - 1),
  whole('int16', Int16Array, 2, -(2 ** 15), 2 ** 15 - 1),
  whole('uint16', Uint16Array, 2, 0, 2 ** 16 - 1),
  whole('int32', Int32Array, 4, -(2 ** 31), 2 ** 31 - 1),
  whole('uint32', Uint32Array, 4, 0, 2 ** 32 - 1),
  whole('bigint64', BigInt64Array, 8, -(2n ** 63n), 2n ** 63n - 1n),
  whole('biguint64', BigUint64Array, 8, 0n, 2n ** 64n - 1n),
  { name: 'float32', Array: Float32Array, bytes: 4, isWhole: false, min: 0, max: 0 },
  { name: 'float64', Array: Float64Array, bytes: 8, isWhole: false, min: 0, max: 0 },
];

/** Returns the code of a kind in shared memory. Throws a `TypeError` if there is no kind of this name. */
export function scalarCode(name: unknown): number {
  const code = KINDS.findIndex((kind) => kind.name === name);
  if (code === -1) {
    const names = KINDS.map((kind) => `'${kind.name}'`).join(', ');
    throw new TypeError(`type must be one of ${names}, not ${String(name)}`);
  }
  return code;
}

/** Returns the kind with this code. */
export function scalarKind(code: number): ScalarKind {
  return KINDS[code] as ScalarKind;
}

/** Throws unless the number fits: a `TypeError` for a value of another type, a `RangeError` for a number that would wrap or be cut. */
export function checkScalar(kind: ScalarKind, value: unknown, what: string): void {
  const sort = typeof kind.min;
  if (typeof value !== sort)
    throw new TypeError(`${what} of ${kindInWords(kind)} must be a ${sort}, not ${typeof value}`);
  const isIn = kind.isWhole ? isWithin(kind, value as number | bigint) : isFloat(kind, value as number);
  if (!isIn) throw new RangeError(`${what} of ${value} does not fit into ${kindInWords(kind)}${rangeOf(kind)}`);
}

/** Returns the name of the kind with its article, for an error message. */
export function kindInWords({ name }: ScalarKind): string {
  return `${name.startsWith('i') ? 'an' : 'a'} ${name}`;
}

/** True if the integer is in the range of the kind. */
export function isWithin(kind: ScalarKind, value: number | bigint): boolean {
  return (typeof value === 'bigint' || Number.isInteger(value)) && value >= kind.min && value <= kind.max;
}

/** False for a number that would become infinite. */
function isFloat(kind: ScalarKind, value: number): boolean {
  return kind.bytes === 8 || !Number.isFinite(value) || Number.isFinite(Math.fround(value));
}

function rangeOf(kind: ScalarKind): string {
  return kind.isWhole ? `: whole numbers from ${kind.min} to ${kind.max} do` : '';
}
