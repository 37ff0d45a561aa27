/**
 * The memory that a message's binary values look at. Whether a view must arrive with its whole ArrayBuffer is known only
 * when the last value has been seen (a second view may follow), so buffers are written after the value, as a table:
 *
 *   uint count, and for each: 1 byte flags, uint start, uint byteLength, [uint maxByteLength if RESIZABLE],
 *   then the bytes themselves, or if BLOB the uint number of the blob; if SHARED nothing but the uint number of the handle.
 *
 * A buffer that only one view uses crosses as the part that the view shows; `start` is where that part began. A buffer over
 * shared memory does not cross at all: the receiver opens the same memory.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ValueReader, ValueWriter } from './extension.ts';
import { BLOB_MIN } from './tags.ts';

const BLOB = 1;
const RESIZABLE = 2;
const SHARED = 4;

/** Tells buffers over shared memory from others: a layer above does. */
export interface SharedBuffers {
  /** The shared object whose memory this is, by its offset in the heap; `undefined` for ordinary memory. */
  handleOf(buffer: ArrayBuffer): number | undefined;
  /** The buffer over the memory of the object at this offset. */
  open(handle: number): ArrayBuffer;
}

let shared: SharedBuffers | undefined;

/** Lets views of shared memory cross without their bytes. */
export function registerSharedBuffers(buffers: SharedBuffers): void {
  shared = buffers;
}

interface SentBuffer {
  readonly index: number;
  readonly buffer: ArrayBuffer;
  start: number;
  length: number;
}

/** ArrayBuffer with the members of ES2024, which older Nodes may lack. */
export type ModernArrayBuffer = ArrayBuffer & { resizable?: boolean; maxByteLength?: number; detached?: boolean };

/** The buffers of a message under construction. */
export class SentBuffers {
  readonly #known = new Map<ArrayBuffer, SentBuffer>();
  #list: SentBuffer[] = [];

  get count(): number {
    return this.#list.length;
  }

  /** The number of a buffer that crosses as a whole. */
  whole(buffer: ArrayBuffer): number {
    const known = this.#known.get(buffer);
    if (known === undefined) return this.#add(buffer, 0, buffer.byteLength, true);
    known.start = 0;
    known.length = buffer.byteLength;
    return known.index;
  }

  /** The number of the buffer of a view; as long as no other value uses it, only this part of it crosses. */
  part(buffer: ArrayBuffer, start: number, length: number): number {
    if (this.#known.has(buffer) || (buffer as ModernArrayBuffer).resizable) return this.whole(buffer);
    return this.#add(buffer, start, length, true);
  }

  /** The number of a part that nobody shares. */
  alone(buffer: ArrayBuffer, start: number, length: number): number {
    return this.#add(buffer, start, length, false);
  }

  #add(buffer: ArrayBuffer, start: number, length: number, shared: boolean): number {
    const entry = { index: this.#list.length, buffer, start, length };
    this.#list.push(entry);
    if (shared) this.#known.set(buffer, entry);
    return entry.index;
  }

  /** Forgets the buffers with number `count` and above. */
  truncate(count: number): void {
    for (let i = count; i < this.#list.length; i++) this.#known.delete((this.#list[i] as SentBuffer).buffer);
    this.#list.length = count;
  }

  /** Writes the table; returns what travels beside the message, `none` if nothing does. */
  write(out: ByteWriter & Pick<ValueWriter, 'handle'>, none: Uint8Array[]): Uint8Array[] {
    let blobs = none;
    out.uint(this.#list.length);
    for (const { buffer, start, length } of this.#list) {
      const handle = shared?.handleOf(buffer);
      if (handle !== undefined) {
        out.byte(SHARED);
        out.handle(handle);
        continue;
      }
      const { resizable, maxByteLength } = buffer as ModernArrayBuffer;
      const blob = length >= BLOB_MIN;
      out.byte((blob ? BLOB : 0) | (resizable ? RESIZABLE : 0));
      out.uint(start);
      out.uint(length);
      if (resizable) out.uint(maxByteLength as number);
      const bytes = new Uint8Array(buffer, start, length);
      if (!blob) out.raw(bytes);
      else {
        if (blobs === none) blobs = [];
        out.uint(blobs.push(bytes) - 1);
      }
    }
    return blobs;
  }
}

/** A buffer of a received message. */
export interface ReceivedBuffer {
  readonly buffer: ArrayBuffer;
  /** Where in the sender's buffer this one began. */
  readonly start: number;
  /** The sender's memory itself, all of it. */
  readonly isShared: boolean;
}

/** Reads the table that `SentBuffers.write` wrote; blobs are used as they are, without a copy. */
export function readBuffers(
  input: ByteReader & Pick<ValueReader, 'handle'>,
  blobs: (index: number) => ArrayBuffer,
): ReceivedBuffer[] {
  const list: ReceivedBuffer[] = [];
  for (let count = input.count(2); count > 0; count--) {
    const flags = input.byte();
    if (flags === SHARED) {
      if (shared === undefined) input.corrupt('this process does not know shared buffers');
      list.push({ buffer: shared.open(input.handle()), start: 0, isShared: true });
      continue;
    }
    const start = input.uint();
    const length = input.uint();
    const max = flags & RESIZABLE ? input.uint() : undefined;
    let buffer: ArrayBuffer;
    if (flags & BLOB) {
      buffer = blobs(input.uint());
      if (buffer?.byteLength !== length) input.corrupt('a blob is not of the announced size');
      if (max !== undefined) buffer = resizable(input, new Uint8Array(buffer), max);
    } else {
      const at = input.take(length);
      const bytes: Uint8Array<ArrayBuffer> = slice.call(input.bytes, at, at + length);
      buffer = max === undefined ? bytes.buffer : resizable(input, bytes, max);
    }
    list.push({ buffer, start, isShared: false });
  }
  return list;
}

/** Uint8Array's own, which copies; Buffer's does not. */
const slice = Uint8Array.prototype.slice as (start: number, end: number) => Uint8Array<ArrayBuffer>;
const NewArrayBuffer = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

function resizable(input: ByteReader, bytes: Uint8Array, maxByteLength: number): ArrayBuffer {
  let buffer: ArrayBuffer;
  try {
    buffer = new NewArrayBuffer(bytes.length, { maxByteLength });
  } catch (error) {
    input.corrupt(`no memory for an ArrayBuffer (${error})`);
  }
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
