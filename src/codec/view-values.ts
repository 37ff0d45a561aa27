/** Typed arrays, DataViews and Buffers: windows onto the buffers of buffer-table.ts. */
import type { ModernArrayBuffer, ReceivedBuffer, SentBuffers } from './buffer-table.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

interface ViewClass {
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView;
}

const BUFFER = 0;
const DATA_VIEW = 1;

/** What a view is on the wire: an index into this list. */
const NAMES = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];
const CLASSES = NAMES.map((name) => (globalThis as unknown as Record<string, ViewClass | undefined>)[name]);
const INDEX = new Map(NAMES.map((name, index) => [name, index]));

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** Returns the name of a typed array's built-in class, even for a subclass; `undefined` for a DataView. */
const builtinName = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)?.get as () => string | undefined;

/** Returns true if the memory of this buffer was transferred. */
export function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  const { detached } = buffer as ModernArrayBuffer;
  if (detached !== undefined) return detached;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Writes a view after the tag VIEW. The view's memory must be neither shared nor detached. */
export function writeView(view: ArrayBufferView, out: ByteWriter, buffers: SentBuffers): void {
  const { byteOffset, byteLength } = view;
  const buffer = view.buffer as ArrayBuffer;
  const name = builtinName.call(view);
  const cls = Buffer.isBuffer(view) ? BUFFER : name === undefined ? DATA_VIEW : (INDEX.get(name) as number);
  // A Buffer is often a slice of a pool with data that the receiver must not see.
  const index =
    cls === BUFFER ? buffers.alone(buffer, byteOffset, byteLength) : buffers.part(buffer, byteOffset, byteLength);
  out.byte(cls);
  out.uint(index);
  out.uint(byteOffset);
  out.uint(byteLength / (CLASSES[cls]?.BYTES_PER_ELEMENT ?? 1));
}

/** Reads a view that `writeView` wrote. */
export function readView(input: ByteReader, buffers: readonly ReceivedBuffer[]): ArrayBufferView {
  const cls = input.byte();
  const received = buffers[input.uint()];
  const byteOffset = input.uint();
  const length = input.uint();
  if (received === undefined) return input.corrupt('a view without a buffer');
  const { buffer, start, isShared } = received;
  if (cls === BUFFER) {
    if (isShared && byteOffset + length <= buffer.byteLength) return Buffer.from(buffer, byteOffset, length);
    if (byteOffset !== start || length !== buffer.byteLength) input.corrupt('a Buffer of another size');
    return Buffer.from(buffer);
  }
  const View = CLASSES[cls];
  if (View === undefined) return input.corrupt(`this Node has no ${NAMES[cls] ?? `view class ${cls}`}`);
  const offset = byteOffset - start;
  if (offset < 0 || offset + length * (View.BYTES_PER_ELEMENT ?? 1) > buffer.byteLength)
    input.corrupt('a view exceeds its buffer');
  if (offset % (View.BYTES_PER_ELEMENT ?? 1) !== 0) input.corrupt('a view is not aligned');
  return new View(buffer, offset, length);
}
