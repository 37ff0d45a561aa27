import { SerializationError } from '../contracts/errors.ts';
import { HEADER_BYTES, type Kind, kind, LENGTH_BYTES, MAX_MESSAGE_BYTES } from './frame.ts';

/** A message as it came in. */
export interface Frame {
  readonly kind: Kind;
  readonly body: Uint8Array;
  readonly blobs: readonly Uint8Array[];
  /** Bytes of body and blobs. */
  readonly size: number;
}

const NO_BLOBS: readonly Uint8Array[] = [];
/** From this size on memory is taken from the system, which gives it page by page as it is filled: to announce much costs nothing. */
const LAZY_BYTES = 2 ** 16;

/**
 * Puts messages together from whatever comes in: it says where the next bytes go (`target`), and is told how many came
 * (`advance`). What cannot be a message throws, and nothing that came after it can be read.
 */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** What is being filled: header, table of lengths, body, or a blob. */
  #target: Uint8Array = this.#header;
  #filled = 0;
  #kind: Kind = kind.BYTES;
  #table: DataView | undefined;
  #parts: Uint8Array[] = [];
  #lengths: number[] = [];
  #size = 0;
  /** How many bytes of the message under way have come. */
  received = 0;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** True if the stream may end here: no message is under way. */
  get isBetween(): boolean {
    return this.received === 0;
  }

  /** How many bytes the message under way has, as far as it has said. */
  get announced(): number {
    return this.#size;
  }

  /** Returns the bytes of the message under way, as they came. */
  begun(): Uint8Array {
    const filled = this.#target.slice(0, this.#filled);
    if (this.#target === this.#header) return filled;
    if (this.#table !== undefined) return Buffer.concat([this.#header, filled]);
    const table = Buffer.alloc((this.#lengths.length - 1) * LENGTH_BYTES);
    for (const [i, length] of this.#lengths.slice(1).entries()) table.writeUInt32BE(length, i * LENGTH_BYTES);
    return Buffer.concat([this.#header, table, ...this.#parts, filled]);
  }

  /** Returns where the next bytes go: never empty. */
  target(): Uint8Array {
    return this.#filled === 0 ? this.#target : this.#target.subarray(this.#filled);
  }

  /** Says that the first `count` bytes of the target were filled. */
  advance(count: number): void {
    this.received += count;
    this.#filled += count;
    if (this.#filled === this.#target.length) this.#next();
  }

  ingest(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const count = Math.min(this.#target.length - this.#filled, chunk.length - at);
      this.#target.set(chunk.subarray(at, at + count), this.#filled);
      at += count;
      this.advance(count);
    }
  }

  #next(): void {
    if (this.#target === this.#header) this.#readHeader();
    else if (this.#table !== undefined) this.#readTable(this.#table);
    else this.#parts.push(this.#target);
    // Empty parts are filled already.
    while (this.#table === undefined && this.#parts.length < this.#lengths.length) {
      const length = this.#lengths[this.#parts.length] as number;
      this.#fill(allocate(length));
      if (length > 0) return;
      this.#parts.push(this.#target);
    }
    if (this.#table === undefined) this.#finish();
  }

  #fill(target: Uint8Array): void {
    this.#target = target;
    this.#filled = 0;
  }

  #readHeader(): void {
    const header = new DataView(this.#header.buffer);
    const of = header.getUint8(0);
    const blobs = header.getUint16(2);
    if ((of !== kind.BYTES && of !== kind.VALUE) || header.getUint8(1) !== 0 || (of === kind.BYTES && blobs > 0)) {
      throw new SerializationError('The connection delivered bytes that are not a message of this library.', '');
    }
    this.#kind = of;
    this.#lengths = [header.getUint32(4)];
    this.#size = this.#lengths[0] as number;
    this.#checkSize();
    if (blobs === 0) return;
    const table = new Uint8Array(blobs * LENGTH_BYTES);
    this.#table = new DataView(table.buffer);
    this.#fill(table);
  }

  #readTable(table: DataView): void {
    for (let at = 0; at < table.byteLength; at += LENGTH_BYTES) {
      const length = table.getUint32(at);
      this.#lengths.push(length);
      this.#size += length;
    }
    this.#checkSize();
    this.#table = undefined;
  }

  #checkSize(): void {
    if (this.#size <= MAX_MESSAGE_BYTES) return;
    throw new SerializationError(
      `A message of ${this.#size} bytes was announced; ${MAX_MESSAGE_BYTES} are the most.`,
      '',
    );
  }

  #finish(): void {
    const [body, ...blobs] = this.#parts as [Uint8Array, ...Uint8Array[]];
    const finished = { kind: this.#kind, body, blobs: blobs.length === 0 ? NO_BLOBS : blobs, size: this.#size };
    this.#parts = [];
    this.#lengths = [];
    this.#size = 0;
    this.received = 0;
    this.#fill(this.#header);
    this.#onFrame(finished);
  }
}

function allocate(length: number): Uint8Array {
  if (length < LAZY_BYTES) return new Uint8Array(length);
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer);
}
