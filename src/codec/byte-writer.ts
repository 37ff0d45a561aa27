import { FALSE, FLOAT64, INT16, INT32, LATIN1, MAX_MESSAGE, NEGATIVE, SMALL_INT, TRUE, UTF16 } from './tags.ts';

/** Buffer's methods for one encoding each: fewer checks than `write`, and present in every Node. */
interface StringWrites {
  latin1Write(s: string, offset: number, length: number): number;
  ucs2Write(s: string, offset: number, length: number): number;
}

const INITIAL = 4096;
/** A scratch buffer that grew beyond this (bytes) is given back when the next message begins. */
const KEEP = 4 * 1024 * 1024;
/** Up to this many code units a loop beats the call into Buffer's native code. */
const SHORT = 32;
const WIDE = /[\u0100-\uffff]/;

/** A growing buffer, and how the primitive parts of the wire format (tags.ts) are written to it. */
export class ByteWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL);
  view: DataView = new DataView(this.bytes.buffer);
  /** The same memory, for those who copy it. */
  words: Int32Array = new Int32Array(this.bytes.buffer);
  position = 0;

  /** Starts over at position 0. */
  restart(): void {
    this.position = 0;
    if (this.bytes.length > KEEP) this.#use(Buffer.allocUnsafeSlow(INITIAL));
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const needed = this.position + count;
    if (needed > MAX_MESSAGE) throw new MessageTooLarge();
    const size = Math.min(MAX_MESSAGE, Math.max(needed, this.bytes.length * 2));
    const larger = Buffer.allocUnsafeSlow((size + 3) & ~3);
    this.bytes.copy(larger, 0, 0, this.position);
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.words = new Int32Array(bytes.buffer);
  }

  byte(n: number): void {
    this.reserve(1);
    this.bytes[this.position++] = n;
  }

  /** Writes a whole number from 0 to 2**53 - 1, in one byte if it is below 254. */
  uint(n: number): void {
    this.reserve(9);
    if (n < 254) this.bytes[this.position++] = n;
    else if (n <= 0xffffffff) {
      this.bytes[this.position++] = 254;
      this.view.setUint32(this.position, n, true);
      this.position += 4;
    } else {
      this.bytes[this.position++] = 255;
      this.view.setFloat64(this.position, n, true);
      this.position += 8;
    }
  }

  /** Writes 4 bytes, and returns where, so that they can be set later. */
  word(n: number): number {
    this.reserve(4);
    this.view.setUint32(this.position, n, true);
    this.position += 4;
    return this.position - 4;
  }

  /** Writes bytes as they are. */
  raw(source: Uint8Array): void {
    const n = source.length;
    this.reserve(n);
    const { bytes, position } = this;
    if (n <= 64) for (let i = 0; i < n; i++) bytes[position + i] = source[i] as number;
    else bytes.set(source, position);
    this.position += n;
  }

  boolean(b: boolean): void {
    this.reserve(1);
    this.bytes[this.position++] = b ? TRUE : FALSE;
  }

  number(n: number): void {
    this.reserve(9);
    const integer = n | 0;
    if (integer !== n || (n === 0 && 1 / n < 0)) {
      this.bytes[this.position] = FLOAT64;
      this.view.setFloat64(this.position + 1, n, true);
      this.position += 9;
    } else if (integer >= 0 && integer < 128) {
      this.bytes[this.position++] = SMALL_INT + integer;
    } else if (integer < 0 && integer >= -256) {
      this.bytes[this.position] = NEGATIVE;
      this.bytes[this.position + 1] = -1 - integer;
      this.position += 2;
    } else if ((integer << 16) >> 16 === integer) {
      this.bytes[this.position] = INT16;
      this.view.setInt16(this.position + 1, integer, true);
      this.position += 3;
    } else {
      this.bytes[this.position] = INT32;
      this.view.setInt32(this.position + 1, integer, true);
      this.position += 5;
    }
  }

  string(s: string): void {
    const n = s.length;
    if (n <= SHORT) {
      this.reserve(2 + SHORT);
      const bytes = this.bytes;
      let position = this.position;
      bytes[position++] = LATIN1;
      bytes[position++] = n;
      let all = 0;
      for (let i = 0; i < n; i++) {
        const unit = s.charCodeAt(i);
        all |= unit;
        bytes[position++] = unit;
      }
      if (all < 256) {
        this.position = position;
        return;
      }
    }
    this.#longString(s, n);
  }

  #longString(s: string, n: number): void {
    const wide = WIDE.test(s);
    const size = wide ? 2 * n : n;
    this.reserve(10 + size);
    this.bytes[this.position++] = wide ? UTF16 : LATIN1;
    this.uint(n);
    const native = this.bytes as unknown as StringWrites;
    if (wide) native.ucs2Write(s, this.position, size);
    else native.latin1Write(s, this.position, size);
    this.position += size;
  }
}

/** Thrown by `reserve`, which does not know the path; the encoder turns it into a `SerializationError`. */
export class MessageTooLarge extends Error {}
