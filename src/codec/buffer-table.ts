/**
 * The buffers of the binary values of a message. Whether a view must arrive with its whole ArrayBuffer is known only
 * when the last value has been seen (a second view may follow), so buffers are written after the value, as a table:
 *
 *   uint count, and for each: 1 byte flags, uint start, uint byteLength, [uint maxByteLength if RESIZABLE],
 *   then the bytes themselves, or if BLOB the uint number of the blob; if SHARED nothing but the uint number of the handle.
 *
 * A buffer that only one view uses crosses as the part that the view shows; `start` is where that part began. Within the family a
 * buffer over shared memory is not copied: the receiver opens the same memory. Through a socket it is copied, and a
 * resizable buffer arrives with a fixed length.
 */
import { types } from '../engine/builtins.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { loadLateExtensions, reach, type ValueReader, type ValueWriter } from './extension.ts';
import { Reservations } from './reservations.ts';
import { BLOB_MIN } from './tags.ts';

const BLOB = 1;
const RESIZABLE = 2;
const SHARED = 4;

/** Recognizes and opens buffers over shared memory; a layer above implements it. */
interface SharedBuffers {
  /** Returns the offset in the heap of the shared object with this memory; `undefined` for ordinary memory. */
  handleOf(buffer: ArrayBufferLike): number | undefined;
  /** Returns the buffer over the memory of the object at this offset. */
  open(handle: number): ArrayBufferLike;
}

let shared: SharedBuffers | undefined;

/** Returns true for a buffer over memory of the family, which can be sent; any other SharedArrayBuffer cannot. */
export function isOfFamily(buffer: ArrayBufferLike): boolean {
  return shared?.handleOf(buffer) !== undefined;
}

/** Makes views of shared memory be sent without their bytes. */
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

  /** Returns the number of a buffer that is sent whole. */
  whole(buffer: ArrayBuffer): number {
    const known = this.#known.get(buffer);
    if (known === undefined) return this.#add(buffer, 0, buffer.byteLength, true);
    known.start = 0;
    known.length = buffer.byteLength;
    return known.index;
  }

  /** Returns the number of the buffer of a view. If no other value uses the buffer, only the part that the view shows is sent. */
  part(buffer: ArrayBuffer, start: number, length: number): number {
    if (types.isSharedArrayBuffer(buffer)) return this.#partOfHeap(buffer, start, length);
    if (this.#known.has(buffer) || (buffer as ModernArrayBuffer).resizable) return this.whole(buffer);
    return this.#add(buffer, start, length, true);
  }

  /** Returns the number of a SharedArrayBuffer over the heap, which also holds data of others: only the range that its views show together is sent. */
  #partOfHeap(buffer: ArrayBuffer, start: number, length: number): number {
    const known = this.#known.get(buffer);
    if (known === undefined) return this.#add(buffer, start, length, true);
    const end = Math.max(known.start + known.length, start + length);
    known.start = Math.min(known.start, start);
    known.length = end - known.start;
    return known.index;
  }

  /** Returns the number of a part that no other value shares. */
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

  /** Writes the table. Returns the large buffers that are sent beside the message, `none` if there are none. */
  write(out: ByteWriter & Pick<ValueWriter, 'handle' | 'reach' | 'refuse'>, none: Uint8Array[]): Uint8Array[] {
    const isNear = out.reach === reach.FAMILY;
    let reservations: Reservations | undefined;
    let blobs = none;
    out.uint(this.#list.length);
    for (const { buffer, start, length } of this.#list) {
      const handle = isNear ? shared?.handleOf(buffer) : undefined;
      if (handle !== undefined) {
        out.byte(SHARED);
        out.handle(handle);
        continue;
      }
      const { resizable, maxByteLength } = buffer as ModernArrayBuffer;
      const max = isNear && resizable ? maxByteLength : undefined;
      if (max !== undefined) {
        reservations ??= new Reservations(out.position + this.#bytes());
        if (!reservations.admit(max)) {
          out.refuse('its resizable ArrayBuffers reserve too much memory for what is in them; send copies, by slice()');
        }
      }
      const blob = length >= BLOB_MIN;
      out.byte((blob ? BLOB : 0) | (max === undefined ? 0 : RESIZABLE));
      out.uint(start);
      out.uint(length);
      if (max !== undefined) out.uint(max);
      const bytes = new Uint8Array(buffer, start, length);
      if (!blob) out.raw(bytes);
      else {
        if (blobs === none) blobs = [];
        out.uint(blobs.push(bytes) - 1);
      }
    }
    return blobs;
  }

  #bytes(): number {
    let bytes = 0;
    for (const { length } of this.#list) bytes += length;
    return bytes;
  }
}

/** A buffer of a received message. */
export interface ReceivedBuffer {
  buffer: ArrayBuffer;
  /** Where this buffer began in the sender's buffer. */
  readonly start: number;
  /** True if this is the sender's memory itself. */
  readonly isShared: boolean;
}

/** Reads the table of a message that begins at `message`. Each blob is used once, without a copy. */
export function readBuffers(
  input: ByteReader & Pick<ValueReader, 'handle' | 'reach'>,
  message: number,
  blobs: (index: number) => ArrayBuffer,
): ReceivedBuffer[] {
  const list: ReceivedBuffer[] = [];
  /** The buffers that become resizable. How much they may reserve together is known only when all buffers are known. */
  let growing: { received: ReceivedBuffer; max: number }[] | undefined;
  let bytes = input.end - message;
  let blob = 0;
  for (let count = input.count(2); count > 0; count--) {
    const flags = input.byte();
    if (flags === SHARED) {
      if (input.reach !== reach.FAMILY) input.corrupt('it names shared memory, and comes from outside of the family');
      if (shared === undefined) loadLateExtensions();
      if (shared === undefined) input.corrupt('this process does not know shared buffers');
      list.push({ buffer: shared.open(input.handle()) as ArrayBuffer, start: 0, isShared: true });
      continue;
    }
    if (flags > (BLOB | RESIZABLE)) input.corrupt('a buffer of an unknown kind');
    const start = input.uint();
    const length = input.uint();
    const max = flags & RESIZABLE ? input.uint() : undefined;
    let buffer: ArrayBuffer;
    if (flags & BLOB) {
      if (input.uint() !== blob) input.corrupt('a blob is out of its turn');
      buffer = blobs(blob++);
      if (buffer?.byteLength !== length) input.corrupt('a blob is not of the announced size');
      bytes += length;
    } else {
      const at = input.take(length);
      buffer = (slice.call(input.bytes, at, at + length) as Uint8Array<ArrayBuffer>).buffer;
    }
    const received = { buffer, start, isShared: false };
    list.push(received);
    if (max !== undefined && input.reach === reach.FAMILY) (growing ??= []).push({ received, max });
  }
  if (growing !== undefined) {
    const reservations = new Reservations(bytes);
    for (const { max } of growing) if (!reservations.admit(max)) input.corrupt('its buffers reserve too much memory');
    for (const { received, max } of growing) received.buffer = resizable(input, received.buffer, max);
  }
  return list;
}

/** `slice` of Uint8Array, which copies; that of Buffer does not. */
const slice = Uint8Array.prototype.slice as (start: number, end: number) => Uint8Array<ArrayBuffer>;
const NewArrayBuffer = ArrayBuffer as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

function resizable(input: ByteReader, fixed: ArrayBuffer, maxByteLength: number): ArrayBuffer {
  let buffer: ArrayBuffer;
  try {
    buffer = new NewArrayBuffer(fixed.byteLength, { maxByteLength });
  } catch (error) {
    input.corrupt(`no memory for an ArrayBuffer (${error})`);
  }
  new Uint8Array(buffer).set(new Uint8Array(fixed));
  return buffer;
}
