import { SerializationError } from '../contracts/errors.ts';
import { LATIN1, UTF16 } from './tags.ts';

/** Buffer's methods for one encoding each: fewer checks than `toString`, and present in every Node. */
interface StringSlices {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

const EMPTY = new Uint8Array(0);
/** The longest string that this engine has. */
const MAX_LENGTH = process.getBuiltinModule('node:buffer').constants.MAX_STRING_LENGTH;
const fromCharCode = String.fromCharCode;

/** A cursor over received bytes that never reads beyond their end. */
export class ByteReader {
  bytes: Uint8Array = EMPTY;
  view: DataView = new DataView(EMPTY.buffer);
  #native: StringSlices | undefined;
  position = 0;
  /** Where the readable part ends: an index into `bytes`. */
  end = 0;

  /** Makes `length` bytes at `offset` the readable part. */
  over(bytes: Uint8Array, offset: number, length: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#native = undefined;
    }
    if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) this.corrupt('it is shorter than announced');
    this.position = offset;
    this.end = offset + length;
  }

  /** Throws a `SerializationError`: these bytes are no message of this library. */
  corrupt(what: string): never {
    throw new SerializationError(`A received message is damaged: ${what}.`, '');
  }

  /** Checks that `count` more bytes are there, and returns where they begin. */
  take(count: number): number {
    const start = this.position;
    if (count > this.end - start) this.corrupt('it ends too early');
    this.position = start + count;
    return start;
  }

  byte(): number {
    if (this.position >= this.end) this.corrupt('it ends too early');
    return this.bytes[this.position++] as number;
  }

  /** Reads a number that `ByteWriter.uint` wrote. */
  uint(): number {
    const first = this.byte();
    if (first < 254) return first;
    if (first === 254) return this.view.getUint32(this.take(4), true);
    const n = this.view.getFloat64(this.take(8), true);
    if (!Number.isSafeInteger(n) || n < 0) this.corrupt('a count is out of range');
    return n;
  }

  /** Reads a `uint` that counts things of at least `size` bytes each. */
  count(size: number): number {
    const n = this.uint();
    if (n * size > this.end - this.position) this.corrupt('a count exceeds what follows');
    return n;
  }

  word(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** Reads a string, tag included. */
  string(): string {
    const tag = this.byte();
    if (tag === LATIN1) return this.latin1();
    if (tag === UTF16) return this.utf16();
    return this.corrupt('a string was expected');
  }

  latin1(): string {
    const n = this.uint();
    const at = this.take(n);
    if (n > 12) return this.#slices(n).latin1Slice(at, at + n);
    const bytes = this.bytes as ArrayLike<number> as readonly number[];
    return n <= 8 ? upTo8(bytes, at, n) : upTo8(bytes, at, 8) + upTo8(bytes, at + 8, n - 8);
  }

  utf16(): string {
    const n = this.uint();
    const at = this.take(2 * n);
    return this.#slices(n).ucs2Slice(at, at + 2 * n);
  }

  #slices(n: number): StringSlices {
    if (n > MAX_LENGTH) this.corrupt('a string is too long');
    this.#native ??= this.#asBuffer();
    return this.#native;
  }

  #asBuffer(): StringSlices {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength) as unknown as StringSlices;
  }
}

/** Reads a short string without a call into native code, which would cost more. */
function upTo8(b: readonly number[], i: number, n: number): string {
  switch (n) {
    case 0:
      return '';
    case 1:
      return fromCharCode(b[i]!);
    case 2:
      return fromCharCode(b[i]!, b[i + 1]!);
    case 3:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!);
    case 4:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!);
    case 5:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!);
    case 6:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!);
    case 7:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!);
    default:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
  }
}
